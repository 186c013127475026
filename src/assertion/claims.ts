import type { Principal } from '../authentication/principal'
import { sha256Text } from '../sha256'
import type { SigningAlgorithm } from './algorithms'

/** Claims that a route's `assertion.claims` may not name, because the gateway sets them itself. */
export const reservedClaims: ReadonlySet<string> = new Set([
  'iss',
  'aud',
  'sub',
  'idp',
  'iat',
  'nbf',
  'exp',
  'jti',
  'scope',
  'roles',
  'client_id',
  'act',
  'email',
  'name',
  'tenant',
  'caller',
  'rid',
  'htm',
  'htu',
  'thread_id',
  'bdg',
  'cnf',
  'nonce',
  'txn',
])

/**
 * A route's settings for its assertions: the signed tokens that tell the agent who the caller is.
 */
export interface AssertionRules {
  readonly audience: string
  readonly algorithm: SigningAlgorithm
  readonly lifetimeSeconds: number
  readonly claims: readonly string[]
  readonly bind: 'request' | 'none'
}

/** The request that an assertion is bound to, as the origin receives it. */
export interface Binding {
  readonly route: string
  readonly method: string
  /** The path and query that the origin receives. */
  readonly uri: string
  readonly thread: string | undefined
  /** The body as the origin receives it; undefined if the gateway did not read it. */
  readonly body: Uint8Array | undefined
}

/**
 * Returns the claims that tell the origin who the caller is. A claim has its name from RFC 7519,
 * RFC 8693 or OpenID Connect, if one of these defines it.
 */
export function identityClaims(principal: Principal, rules: AssertionRules): Record<string, unknown> {
  const { authenticator, userId, identityProvider, kind, scopes, roles, client, email, name, tenant, claims } =
    principal
  const copied = rules.claims.filter((claim) => claims[claim] !== undefined).map((claim) => [claim, claims[claim]])
  return {
    ...Object.fromEntries(copied),
    aud: rules.audience,
    sub: userId,
    idp: identityProvider,
    caller: kind,
    amr: [authenticator, ...(rules.claims.includes('amr') && Array.isArray(claims.amr) ? claims.amr : [])],
    roles,
    scope: scopes.join(' '),
    ...(client !== undefined && { client_id: client }),
    ...(email !== undefined && { email }),
    ...(name !== undefined && { name }),
    ...(tenant !== undefined && { tenant }),
    ...(typeof claims.act === 'object' && claims.act !== null && { act: claims.act }),
  }
}

/**
 * Returns the claims that bind an assertion to one request. `htm` and `htu` follow RFC 9449, but
 * `htu` has no scheme and host, because an origin may not know its own public name.
 */
export async function bindingClaims({ route, method, uri, thread, body }: Binding): Promise<Record<string, unknown>> {
  return {
    rid: route,
    htm: method,
    htu: uri,
    ...(thread !== undefined && { thread_id: thread }),
    ...(body && { bdg: await sha256Text(body) }),
  }
}
