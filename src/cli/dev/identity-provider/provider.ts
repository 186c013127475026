/// <reference path="./oidc-provider.d.ts" />
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import { providerConfiguration } from './configuration.ts'
import { generateSigningKeys, type SigningKeys } from './keys.ts'
import { login } from './login.ts'
import { registerPasswordGrant } from './password-grant.ts'
import { People } from './people.ts'
import { requestToken } from './request-token.ts'
import { type Algorithm, resourceIndicator } from './resource.ts'

export interface IdentityProviderOptions {
  /** 0 takes a free port. */
  port?: number
  /** The `aud` of access tokens, unless a resource is asked for. */
  audience?: string
  /** Where the demo page may be sent back to. Their origins may call the token endpoint. */
  redirectUris?: string[]
  accessTokenSeconds?: number
  /** Those who can sign in; alice and bob when absent. */
  people?: People
  /** Private keys to sign with; generated when absent. */
  keys?: SigningKeys
}

export interface TokenOptions {
  algorithm?: Algorithm
  scope?: string
  audience?: string
}

export interface IdentityProvider {
  issuer: string
  keys: SigningKeys
  token(person: string, options?: TokenOptions): Promise<string>
  close(): Promise<void>
}

/** A real OpenID provider on loopback, for local development and tests. */
export async function startIdentityProvider(options: IdentityProviderOptions = {}): Promise<IdentityProvider> {
  const { port = 0, audience = 'agents', accessTokenSeconds = 3600 } = options
  const { redirectUris = ['http://127.0.0.1:8080/'], people = new People() } = options
  const keys = options.keys ?? (await generateSigningKeys())

  const server = createServer()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const provider = new Provider(
    issuer,
    providerConfiguration({ audience, redirectUris, accessTokenSeconds, keys, people }),
  )
  const defaultResource = resourceIndicator({ algorithm: 'RS256', audience })
  registerPasswordGrant(provider, defaultResource, accessTokenSeconds, people)
  provider.on('server_error', (_ctx, error) => console.error('identity provider:', error))

  const handle = provider.callback()
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/')) login(provider, people, request, response)
    else handle(request, response)
  })

  return {
    issuer,
    keys,
    token: (person, { algorithm = 'RS256', audience: aud = audience, scope } = {}) =>
      requestToken(issuer, person, resourceIndicator({ algorithm, audience: aud }), scope),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
