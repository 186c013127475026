import { importJWK, type JWK, SignJWT } from 'jose'
import { adapterOf } from '../../src/agents/kinds'
import type { IdentityProvider } from '../../src/cli/dev/identity-provider/provider.ts'
import type { Agent, Issuer, Policy, Route } from '../../src/config/define'

/** An issuer for a provider that is running. */
export const issuerOf = (url: string, more: Partial<Issuer> = {}): Issuer => ({
  id: 'login',
  issuer: url,
  audience: ['agents'],
  algorithms: ['RS256', 'ES256'],
  ...more,
})

/** Lets anyone who is signed in do anything: for tests of something else. */
export const signedIn: Policy = {
  id: 'signed-in',
  allow: [{ name: 'everybody', operations: ['*'] }],
  examples: [],
}

export const policyWithExamples = (policy: Omit<Policy, 'examples'>): Policy => ({
  ...policy,
  examples: [
    { as: { roles: ['admin'] }, does: 'run.stream', expect: 'allow' },
    { as: {}, does: 'run.stream', expect: 'deny' },
  ],
})

const everybody = policyWithExamples(signedIn)

/**
 * The acknowledgement that a route needs where others may answer or edit runs of an agent that
 * keeps identity in its state.
 */
function acknowledged(agent: Agent, { threads = 'own', public: isPublic, identity }: Partial<Route>): Partial<Route> {
  const { storesIdentity, identity: usual } = adapterOf(agent)
  const { state, forwardedProps = {} } = { ...usual, ...identity }
  const isInBody = state !== false || Object.keys(forwardedProps).length > 0
  return storesIdentity && isInBody && threads !== 'own' && !isPublic ? { resumesAs: 'whoever-asked-first' } : {}
}

/** A route with the usual guards around an agent. */
export const routeOf = (agent: Agent, trust: NonNullable<Route['trust']>, more: Partial<Route> = {}): Route => ({
  id: agent.kind,
  path: `/agents/${agent.kind}`,
  agent,
  trust,
  policies: [everybody],
  ...acknowledged(agent, more),
  ...more,
})

/**
 * An `http` agent that takes anything: what the pipeline does to requests is the same for every
 * kind.
 */
export const openHttp = (url: string): Agent => ({
  kind: 'http',
  origin: { url },
  endpoints: (['GET', 'POST', 'PUT', 'DELETE'] as const).map((method) => ({
    operation: 'anything',
    method,
    path: '/*',
  })),
})

export interface Forgery {
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
  /** Signs with this key instead of the provider's. */
  readonly key?: JWK
  readonly algorithm?: 'RS256' | 'ES256'
}

/** The claims of a good access token, as the provider makes them. */
export const goodClaims = (issuer: string): Record<string, unknown> => ({
  iss: issuer,
  aud: 'agents',
  sub: 'alice',
  client_id: 'app',
  jti: crypto.randomUUID(),
  iat: Math.floor(Date.now() / 1000),
  exp: Math.floor(Date.now() / 1000) + 600,
})

/**
 * A token signed with the key of the provider, valid except for the given changes. `undefined`
 * removes a claim or header member.
 */
export async function forge(
  provider: Pick<IdentityProvider, 'issuer' | 'keys'>,
  forgery: Forgery = {},
): Promise<string> {
  const { header = {}, claims = {}, algorithm = 'RS256' } = forgery
  const jwk = forgery.key ?? (provider.keys[algorithm] as JWK)
  const alg = jwk.alg ?? algorithm
  const payload = { ...goodClaims(provider.issuer), ...claims }
  const protectedHeader = { alg, kid: jwk.kid, typ: 'at+jwt', ...header } as { alg: string }
  return new SignJWT(payload).setProtectedHeader(protectedHeader).sign(await importJWK(jwk, alg))
}

export const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` })
