import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose'
import type { LoadedRoute } from '../../../config/loaded-route'
import { PAGE_HEADER } from '../local'
import type { Received } from './received'

/** A request that an agent received, with the result of verifying its assertion. */
export interface Evidence extends Omit<Received, 'assertion'> {
  readonly assertion?: {
    /** The request header that contained the assertion. */
    readonly carriedBy: string
    readonly claims: JWTPayload
    readonly verified: boolean
    /** Why the assertion could not be verified. */
    readonly reason?: string
  }
}

/**
 * Returns a function that verifies assertions as an agent would. It uses the keys that the gateway
 * publishes, and checks that the assertion's issuer is this gateway and its audience is the route's
 * agent.
 * @param routes returns the current routes, by path
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

/**
 * Returns a function that removes the agent's secret and the signed assertion from a header before
 * the page of `sallyport dev` shows the header.
 */
const withoutSecret =
  (route: LoadedRoute | undefined, token: string | undefined) =>
  ([name, value]: readonly [string, string]): readonly [string, string] => {
    if (token !== undefined && value.includes(token))
      return [name, value.replace(token, `${token.slice(0, 10)}… (${token.length} characters)`)]
    return name.toLowerCase() === route?.credential?.header ? [name, '(the secret of the route)'] : [name, value]
  }
