import { type IdentityProvider, startIdentityProvider } from '../../src/cli/dev/identity-provider/provider.ts'
import type { Issuer, Route } from '../../src/config/define'
import { bearer, issuerOf, openHttp, routeOf } from './fixtures'
import { type GatewayOptions, startGateway, type TestGateway } from './gateway'
import { type RecordingOrigin, startOrigin } from './origin'

/** Request headers that sign a person in. */
export type SignedIn = { readonly authorization: string }

/** The parts that routes are made of, once they are running. */
export interface Surroundings {
  /** Stands where an agent would, and records what reaches it. */
  readonly origin: RecordingOrigin
  /** The identity provider of alice and bob. */
  readonly issuer: Issuer
  /** That issuer and, if there is one, that of the namesake, with the prefix `away|`. */
  readonly trust: readonly Issuer[]
}

/**
 * A gateway between real identity providers and a recording origin. Every test that sends requests
 * through the gateway uses one.
 */
export interface World extends Surroundings {
  readonly gateway: TestGateway
  readonly provider: IdentityProvider
  readonly alice: SignedIn
  readonly bob: SignedIn
  /** The other identity provider, where there is one. */
  readonly away: IdentityProvider | undefined
  /** A person called alice at the other identity provider, if there is one. */
  readonly namesake: SignedIn
  /** An access token, the same each time. */
  token(person: 'alice' | 'bob'): string
  /** Sends a request as this person, or without a token. */
  as(person: 'alice' | 'bob' | 'namesake' | undefined, path: string, init?: RequestInit): Promise<Response>
  close(): Promise<void>
}

export interface WorldOptions extends Omit<GatewayOptions, 'routes'> {
  /** Has another identity provider, with a namesake of alice. */
  readonly away?: boolean
}

const anything = ({ origin, issuer }: Surroundings): readonly Route[] => [routeOf(openHttp(origin.url), [issuer])]

/**
 * Opens a gateway.
 * @param routes made once the addresses are known; by default an `http` route that takes anything
 */
export async function openWorld(
  routes: (surroundings: Surroundings) => readonly Route[] = anything,
  { away: hasAway = false, ...options }: WorldOptions = {},
): Promise<World> {
  const [provider, away, origin] = await Promise.all([
    startIdentityProvider(),
    hasAway ? startIdentityProvider() : undefined,
    startOrigin(),
  ])
  const issuer = issuerOf(provider.issuer)
  const trust = [issuer, ...(away ? [issuerOf(away.issuer, { id: 'away', subjectPrefix: 'away|' })] : [])]
  const surroundings = { origin, issuer, trust }
  const gateway = await startGateway({ ...options, routes: routes(surroundings) })
  const tokens = { alice: await provider.token('alice'), bob: await provider.token('bob') }
  const people = {
    alice: bearer(tokens.alice),
    bob: bearer(tokens.bob),
    namesake: away ? bearer(await away.token('alice')) : { authorization: '' },
  }
  return {
    ...surroundings,
    ...people,
    provider,
    away,
    gateway,
    token: (person) => tokens[person],
    as(person, path, init = {}) {
      const headers = { ...(init.headers as object), ...(person && people[person]) }
      return gateway.fetch(path, { ...init, headers })
    },
    async close() {
      await gateway.close()
      await origin.close()
      await Promise.all([provider.close(), away?.close()])
    },
  }
}

/** A POST of JSON. */
export const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
