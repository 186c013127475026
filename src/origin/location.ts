import type { Origin } from '../config/env'
import { Refusal } from '../errors/refusal'

/**
 * The two addresses that are needed to change links in a reply: the address that the gateway
 * requested at the origin, and the path of the route that the caller uses.
 */
export interface Place {
  readonly origin: Origin
  /** Path and query as the origin received them. */
  readonly requestUri: string
  readonly routePath: string
}

/**
 * Passes on the addresses in a reply's headers, changed to the addresses that the caller must use.
 * @throws Refusal `origin-reply-refused` for a redirect that leaves the route
 */
export function passLocations(status: number, from: Headers, headers: Record<string, string>, place: Place): void {
  const isRedirect = status >= 300 && status < 400 && status !== 304
  for (const name of ['location', 'content-location']) {
    const value = from.get(name)
    if (value === null) continue
    // RFC 9110 section 10.2.2 defines `Location` for redirects and 201 only. For other statuses,
    // its meaning depends on the API.
    const mapped = isRedirect || status === 201 ? publicLocation(value, place) : apiLocation(value, place)
    if (mapped !== undefined) headers[name] = mapped
  }
  if (isRedirect && headers.location === undefined) throw new Refusal('origin-reply-refused', 'redirect off the route')
}

/**
 * Maps an address that HTTP clients follow: an address on the origin becomes a path below the
 * route.
 * @returns undefined if the address leads elsewhere
 */
export function publicLocation(location: string, { origin, requestUri, routePath }: Place): string | undefined {
  const { prefix } = origin
  const at = onOrigin(location, origin, requestUri)
  if (!at || !isBelow(at.pathname, prefix)) return undefined
  // If the origin redirects to the same address with another scheme (http or https), the caller
  // would send the same request to the gateway again and again.
  if (at.origin !== origin.host && at.pathname + at.search === requestUri) return undefined
  const below = at.pathname.slice(prefix.length) + at.search + at.hash
  const path = routePath === '/' ? below || '/' : routePath + below
  // In an address, two slashes at the beginning would be followed by a host name.
  return path.startsWith('//') ? undefined : path
}

/**
 * Maps an address that a client of the agent's API reads: the address becomes relative to the API's
 * base URL. LangGraph's clients append the address to that URL, so it must not contain the route's
 * path again.
 * @returns undefined if the address leads elsewhere
 */
export function apiLocation(location: string, { origin, requestUri }: Place): string | undefined {
  const at = onOrigin(location, origin, requestUri)
  if (!at) return undefined
  const { prefix } = origin
  const path = (isBelow(at.pathname, prefix) ? at.pathname.slice(prefix.length) : at.pathname) + at.search + at.hash
  return path.startsWith('//') ? undefined : path
}

const isBelow = (path: string, prefix: string): boolean => path === prefix || path.startsWith(`${prefix}/`)

/**
 * Returns the address as a URL if it is on the origin, otherwise undefined. An agent behind a TLS
 * proxy may write its own address with http, so either scheme is accepted.
 */
function onOrigin(location: string, { host }: Origin, requestUri: string): URL | undefined {
  const at = URL.parse(location, host + requestUri)
  if (!at || !['http:', 'https:'].includes(at.protocol)) return undefined
  return at.origin === host || at.host === new URL(host).host ? at : undefined
}
