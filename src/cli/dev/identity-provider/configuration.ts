/// <reference path="./oidc-provider.d.ts" />
import { randomBytes } from 'node:crypto'
import { type AccessToken, type Client, type Context, errors } from 'oidc-provider'
import type { SigningKeys } from './keys.ts'
import { errorPage } from './login-page.ts'
import { createMemoryStore } from './memory-store.ts'
import type { People } from './people.ts'
import { parseResource, resourceIndicator } from './resource.ts'

export interface Settings {
  audience: string
  redirectUris: string[]
  accessTokenSeconds: number
  keys: SigningKeys
  people: People
}

const hour = 3600

/** An API of the local provider: its audience, its algorithm, and the scopes that exist. */
export function resourceServerInfo(indicator: string, accessTokenTTL: number, people: People) {
  const resource = parseResource(indicator)
  if (!resource)
    throw new errors.InvalidTarget(`unknown resource "${indicator}": expected urn:sallyport:rs256:<audience>`)
  return {
    audience: resource.audience,
    scope: people.scopes.join(' '),
    accessTokenTTL,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: resource.algorithm } },
  }
}

export function providerConfiguration({ audience, redirectUris, accessTokenSeconds, keys, people }: Settings) {
  const defaultResource = resourceIndicator({ algorithm: 'RS256', audience })

  return {
    adapter: createMemoryStore(),
    jwks: { keys: [keys.RS256, keys.ES256] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    clients: [
      {
        client_id: 'sallyport-demo',
        client_name: 'Sallyport demo',
        token_endpoint_auth_method: 'none',
        redirect_uris: redirectUris,
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
      {
        client_id: 'sallyport-cli',
        client_name: 'Command line',
        token_endpoint_auth_method: 'none',
        redirect_uris: [],
        grant_types: ['password'],
        response_types: [],
      },
    ],
    clientBasedCORS: (_ctx: Context, origin: string, client: Client) =>
      client.redirectUris.some((uri) => new URL(uri).origin === origin),
    claims: { openid: ['sub', 'roles', 'tenant'], profile: ['name'], email: ['email'] },
    conformIdTokenClaims: false,
    scopes: ['openid'],
    findAccount: async (_ctx: Context, sub: string) =>
      people.find(sub) && { accountId: sub, claims: async () => identityClaims(people, sub) },
    extraTokenClaims: async (_ctx: Context, token: AccessToken) => identityClaims(people, token.accountId),
    loadExistingGrant: (ctx: Context) => grantEverything(ctx, people),
    interactions: { url: (_ctx: Context, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    renderError: async (ctx: Context, out: { error: string; error_description?: string }) => {
      ctx.type = 'html'
      ctx.body = errorPage(out.error, out.error_description)
    },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => defaultResource,
        useGrantedResource: async () => true,
        getResourceServerInfo: async (_ctx: Context, indicator: string) =>
          resourceServerInfo(indicator, accessTokenSeconds, people),
      },
    },
    ttl: { AccessToken: accessTokenSeconds, IdToken: hour, Interaction: hour, Session: 8 * hour, Grant: 8 * hour },
  }
}

function identityClaims(people: People, sub: string | undefined) {
  const person = people.find(sub)
  if (!person) return undefined
  const { name, email, roles, tenant, claims } = person
  return { ...claims, sub: person.sub, name, email, roles, tenant }
}

/** First-party clients ask nobody for consent: whatever a person may do is granted at sign-in. */
async function grantEverything(ctx: Context, people: People) {
  const { client, params, provider, result, session } = ctx.oidc
  const known = result?.consent?.grantId ?? session.grantIdFor(client.clientId)
  const found = known ? await provider.Grant.find(known) : undefined
  if (found) return found

  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
  grant.addOIDCScope('openid profile email')
  const { resource } = params
  if (resource) {
    const own = people.find(session.accountId)?.scopes ?? []
    grant.addResourceScope(resource, own.join(' '))
    // Said outright, or oidc-provider would ask the person for what they asked for and may not have.
    grant.rejectResourceScope(resource, people.scopes.filter((scope) => !own.includes(scope)).join(' '))
  }
  await grant.save()
  return grant
}
