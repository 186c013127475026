import type { IncomingMessage, ServerResponse } from 'node:http'
import type { JWK } from 'jose'
import type { TrustedIssuer } from '../../src/authentication/jwt/trusted-issuer'
import { compileClaims } from '../../src/config/compile-issuer'
import type { Issuer, Route } from '../../src/config/define'
import { commonClaims } from '../../src/config/issuer-preset'
import { goodClaims, issuerOf, openHttp, routeOf } from './fixtures'
import { publicJwk } from './keys'
import { type Received, startOrigin } from './origin'
import { signRaw } from './tokens'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

export interface Site {
  /** The answer at `/jwks`. */
  jwks?: Answer
  /** The answer at `/.well-known/openid-configuration`; by default a correct document. */
  discovery?: Answer
}

/**
 * Issuers of which every answer can be chosen: for keys and documents that a real provider would
 * not publish.
 */
export interface Issuers {
  readonly url: string
  /** The `iss` of the issuer of this name. */
  issuer(name: string): string
  /** How it answers from now on. */
  set(name: string, site: Site): void
  /** How often its keys were asked for, or another of its documents. */
  asked(name: string, path?: string): number
  /** The requests that it received, as they stood on the wire. */
  received(name: string): readonly Received[]
  /** A route of that name which trusts that issuer alone. */
  route(name: string, origin: string, more?: Partial<Issuer>): Route
  /** A valid token of the issuer, with the given changes. */
  token(name: string, key: JWK, claims?: object, header?: object): string
  close(): Promise<void>
}

/** An answer with these keys as they are; private parts only where they were left in on purpose. */
export const publishes =
  (keys: unknown, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify({ keys }))
  }

export const says =
  (status: number, body: unknown = '', headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }

/** Takes the request and never answers. */
export const hangs: Answer = () => undefined

export const publicKeys = (...keys: JWK[]): JWK[] => keys.map(publicJwk)

export async function startIssuers(): Promise<Issuers> {
  const sites = new Map<string, Site>()
  const server = await startOrigin((request, response) => {
    const [, name = '', ...rest] = (request.url ?? '').split('/')
    const site = sites.get(name) ?? {}
    const issuer = `${server.url}/${name}`
    const discovery = site.discovery ?? says(200, { issuer, jwks_uri: `${issuer}/jwks` })
    const answers: Record<string, Answer | undefined> = {
      jwks: site.jwks,
      '.well-known/openid-configuration': discovery,
    }
    const answer = answers[rest.join('/')] ?? says(404)
    answer(request, response)
  })
  const issuer = (name: string) => `${server.url}/${name}`
  return {
    url: server.url,
    issuer,
    set: (name, site) => sites.set(name, site),
    received: (name) => server.received.filter(({ url }) => url.startsWith(`/${name}/`)),
    asked: (name, path = 'jwks') => server.received.filter(({ url }) => url === `/${name}/${path}`).length,
    route: (name, origin, more) =>
      routeOf(openHttp(origin), [issuerOf(issuer(name), { id: name, ...more })], { id: name, path: `/${name}` }),
    token: (name, key, claims = {}, header = {}) =>
      signRaw(
        { alg: key.alg ?? 'RS256', kid: key.kid, typ: 'at+jwt', ...header },
        { ...goodClaims(issuer(name)), ...claims },
        key,
      ),
    close: () => server.close(),
  }
}

/** An issuer as it is compiled, for tests of verification alone. */
export const trustedIssuer = (more: Partial<TrustedIssuer> = {}): TrustedIssuer => ({
  id: 'login',
  issuer: 'https://login.example.com',
  audience: ['agents'],
  algorithms: ['ES256'],
  claims: compileClaims({ ...commonClaims, tenant: 'tid' }),
  audienceFrom: undefined,
  keepRoles: undefined,
  callers: undefined,
  accessTokens: {},
  rolesByTenant: false,
  roleSeparator: undefined,
  preset: undefined,
  tokenType: 'access-token',
  requiredClaims: [],
  maxLifetimeSeconds: 86_400,
  clockSkewSeconds: 30,
  subjectPrefix: '',
  isGateway: false,
  ...more,
})
