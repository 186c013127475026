import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose'
import type { LoadedRoute } from '../../../config/loaded-route'
import { PAGE_HEADER } from '../local'
import type { Received } from './received'

/** A received request, with the result of verifying its assertion. */
export interface Evidence extends Omit<Received, 'assertion'> {
  readonly assertion?: {
    /** The request header that carried it. */
    readonly carriedBy: string
    readonly claims: JWTPayload
    readonly verified: boolean
    /** Why it is not verified. */
    readonly reason?: string
  }
}

/**
 * Checks assertions as an agent would: with the keys that the gateway publishes, for this route's
 * agent and from this gateway.
 * @param routes that are in force, by path
 */
export function createExaminer(
  gateway: string,
  routes: () => ReadonlyMap<string, LoadedRoute>,
): (received: Received) => Promise<Evidence> {
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', gateway), { headers: { [PAGE_HEADER]: '1' } })
  const routeOf = (id: unknown) => [...routes().values()].find((route) => route.id === id)
  return async ({ assertion, ...received }) => {
    const route = routeOf(received.route)
    const shown = { ...received, headers: received.headers.map(withoutSecret(route, assertion?.token)) }
    if (!assertion) return shown
    const { token, header: carriedBy } = assertion
    const claims = decodeJwt(token)
    const audience = route?.assertion.audience ?? String(claims.rid)
    const reason = await jwtVerify(token, keys, { issuer: gateway, audience, currentDate: received.at }).then(
      () => undefined,
      (error) => (error instanceof errors.JOSEError ? error.message : String(error)),
    )
    const isVerified = reason === undefined
    return { ...shown, assertion: { carriedBy, claims, verified: isVerified, ...(!isVerified && { reason }) } }
  }
}

/** Hides the agent's own secret, and the signature that speaks for a person, from the page. */
const withoutSecret =
  (route: LoadedRoute | undefined, token: string | undefined) =>
  ([name, value]: readonly [string, string]): readonly [string, string] => {
    if (token !== undefined && value.includes(token))
      return [name, value.replace(token, `${token.slice(0, 10)}… (${token.length} characters)`)]
    return name.toLowerCase() === route?.credential?.header ? [name, '(the secret of the route)'] : [name, value]
  }
