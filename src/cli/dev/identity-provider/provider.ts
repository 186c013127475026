/// <reference path="./oidc-provider.d.ts" />
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, decodeProtectedHeader, importJWK, SignJWT } from 'jose'
import { Provider } from 'oidc-provider'
import { APP, isOwnPage, providerConfiguration } from './configuration.ts'
import { generateSigningKeys, type SigningKeys } from './keys.ts'
import { login } from './login.ts'
import { registerPasswordGrant } from './password-grant.ts'
import { People } from './people.ts'
import { requestToken } from './request-token.ts'
import { type Algorithm, resourceIndicator } from './resource.ts'

export interface IdentityProviderOptions {
  /** The port; 0 for any free port. */
  port?: number
  /** The `aud` of access tokens, unless the client requests a resource (RFC 8707). */
  audience?: string
  /** The web origins of front ends that are not on this machine. */
  pages?: () => readonly string[]
  /** The URLs of routes. A client may request one as the audience of its token (RFC 8707). */
  resources?: () => readonly string[]
  accessTokenSeconds?: number
  /** The people who can sign in. Default: alice and bob. */
  people?: People
  /** The private keys that sign tokens. By default, new ones are generated. */
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
  /** Returns a token like the one from `token`, but with an `exp` of ten minutes ago. */
  expiredToken(person: string): Promise<string>
  close(): Promise<void>
}

/** Starts a real OpenID provider on this machine only, for local development and tests. */
export async function startIdentityProvider(options: IdentityProviderOptions = {}): Promise<IdentityProvider> {
  const { port = 0, audience = 'agents', accessTokenSeconds = 3600 } = options
  const { people = new People(), pages = () => [], resources = () => [] } = options
  const surroundings = { people, pages, resources }
  const keys = options.keys ?? (await generateSigningKeys())

  const server = createServer()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const provider = new Provider(issuer, providerConfiguration({ audience, accessTokenSeconds, keys, ...surroundings }))
  const defaultResource = resourceIndicator({ algorithm: 'RS256', audience })
  registerPasswordGrant(provider, defaultResource, accessTokenSeconds, surroundings)
  // RFC 6749 section 3.3: a client that requests no scope gets a default scope. MCP clients request
  // no scope if the route names no scopes.
  provider.use(async (ctx, next) => {
    if (ctx.path === '/auth' && ctx.method === 'GET' && ctx.query.scope === undefined)
      ctx.query = { ...ctx.query, scope: ['openid', ...people.scopes].join(' ') }
    await next()
  })
  const isRegistered = provider.Client.prototype.redirectUriAllowed
  provider.Client.prototype.redirectUriAllowed = function (uri) {
    return isRegistered.call(this, uri) || (this.clientId === APP && isOwnPage(uri, pages()))
  }
  provider.on('server_error', (_ctx, error) => console.error('identity provider:', error))

  const handle = provider.callback()
  const hosts = [new URL(issuer).host, new URL(issuer).host.replace('127.0.0.1', 'localhost')]
  server.on('request', (request, response) => {
    // Requests to any other host name that resolves to this machine (DNS rebinding) are refused.
    if (!hosts.includes(request.headers.host ?? '')) {
      response.writeHead(421, { 'content-type': 'text/plain' }).end(`This is ${issuer}\n`)
      return
    }
    if (request.url?.startsWith('/interaction/')) login(provider, people, request, response)
    else handle(request, response)
  })

  const token: IdentityProvider['token'] = (person, { algorithm = 'RS256', audience: aud = audience, scope } = {}) =>
    requestToken(issuer, person, resourceIndicator({ algorithm, audience: aud }), scope)
  return {
    issuer,
    keys,
    token,
    async expiredToken(person) {
      const fresh = await token(person)
      // The token expired ten minutes ago, because gateways tolerate clocks that differ by some
      // minutes.
      const exp = Math.floor(Date.now() / 1000) - 600
      const key = await importJWK(keys.RS256, 'RS256')
      return new SignJWT({ ...decodeJwt(fresh), iat: exp - accessTokenSeconds, exp })
        .setProtectedHeader({ ...decodeProtectedHeader(fresh), alg: 'RS256' })
        .sign(key)
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
