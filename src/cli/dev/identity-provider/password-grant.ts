/// <reference path="./oidc-provider.d.ts" />
import { errors, type Provider } from 'oidc-provider'
import { resourceServerInfo, type Surroundings } from './configuration.ts'

/**
 * Adds the password grant, so that one curl command can fetch a token. OAuth 2.1 removed this grant
 * for good reasons. Use it only on a developer's own machine, with people whose passwords are no
 * secret.
 */
export function registerPasswordGrant(
  provider: Provider,
  defaultResource: string,
  accessTokenSeconds: number,
  surroundings: Surroundings,
): void {
  provider.registerGrantType(
    'password',
    async (ctx) => {
      const { client, params } = ctx.oidc
      const person = surroundings.people.signIn(params.username, params.password)
      if (!person) throw new errors.CustomOIDCProviderError('invalid_grant', 'unknown username or wrong password')

      const resource = params.resource ?? defaultResource
      const asked = params.scope?.split(' ')
      const token = new provider.AccessToken({ accountId: person.sub, client, gty: 'password' })
      token.resourceServer = new provider.ResourceServer(
        resource,
        resourceServerInfo(resource, accessTokenSeconds, surroundings),
      )
      token.scope = (person.scopes ?? []).filter((scope) => !asked || asked.includes(scope)).join(' ')

      ctx.body = {
        access_token: await token.save(),
        token_type: token.tokenType,
        expires_in: token.expiration,
        scope: token.scope,
      }
    },
    ['username', 'password', 'scope', 'resource'],
  )
}
