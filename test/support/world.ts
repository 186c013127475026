import { type IdentityProvider, startIdentityProvider } from '../../examples/identity-provider/provider.ts'
import type { Issuer, Route } from '../../src/config/define'
import { bearer, issuerOf, openHttp, routeOf } from './fixtures'
import { type GatewayOptions, startGateway, type TestGateway } from './gateway'
import { type RecordingOrigin, startOrigin } from './origin'

/** A gateway between a real identity provider and a recording origin. */
export interface World {
  readonly provider: IdentityProvider
  readonly origin: RecordingOrigin
  readonly gateway: TestGateway
  readonly issuer: Issuer
  /** A person's access token, the same each time. */
  token(person: 'alice' | 'bob'): Promise<string>
  /** A request as somebody, or as nobody. */
  as(person: 'alice' | 'bob' | undefined, path: string, init?: RequestInit): Promise<Response>
  close(): Promise<void>
}

/** @param routes made once the addresses are known; an open `http` route by default */
export async function startWorld(
  routes: (origin: string, issuer: Issuer) => readonly Route[] = (url, issuer) => [routeOf(openHttp(url), [issuer])],
  options: Omit<GatewayOptions, 'routes'> = {},
): Promise<World> {
  const [provider, origin] = await Promise.all([startIdentityProvider(), startOrigin()])
  const issuer = issuerOf(provider.issuer)
  const gateway = await startGateway({ ...options, routes: routes(origin.url, issuer) })
  const tokens = new Map<string, Promise<string>>()
  const tokenOf = (person: 'alice' | 'bob') => {
    const token = tokens.get(person) ?? provider.token(person)
    tokens.set(person, token)
    return token
  }
  return {
    provider,
    origin,
    gateway,
    issuer,
    token: tokenOf,
    async as(person, path, init = {}) {
      const headers = { ...(init.headers as object), ...(person && bearer(await tokenOf(person))) }
      return gateway.fetch(path, { ...init, headers })
    },
    async close() {
      await gateway.close()
      await origin.close()
      await provider.close()
    },
  }
}

/** A POST of JSON. */
export const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
