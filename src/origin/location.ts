import type { Origin } from '../config/env'
import { Refusal } from '../errors/refusal'

/**
 * The places by which an address in a reply is read: where the request went, and where the caller
 * sees it.
 */
export interface Place {
  readonly origin: Origin
  /** Path and query as the origin saw them. */
  readonly requestUri: string
  readonly routePath: string
}

/**
 * Passes on the addresses of a reply's headers as the caller must use them.
 * @throws Refusal `origin-reply-refused` for a redirect off the route
 */
export function passLocations(status: number, from: Headers, headers: Record<string, string>, place: Place): void {
  const isRedirect = status >= 300 && status < 400 && status !== 304
  for (const name of ['location', 'content-location']) {
    const value = from.get(name)
    if (value === null) continue
    // RFC 9110 section 10.2.2 gives `Location` a meaning for these only. Elsewhere it is a word of
    // the API's own.
    const mapped = isRedirect || status === 201 ? publicLocation(value, place) : apiLocation(value, place)
    if (mapped !== undefined) headers[name] = mapped
  }
  if (isRedirect && headers.location === undefined) throw new Refusal('origin-reply-refused', 'redirect off the route')
}

/**
 * An address that HTTP reads, as the caller must use it: an address on the origin becomes one below
 * the route.
 * @returns undefined where it leads elsewhere
 */
export function publicLocation(location: string, { origin, requestUri, routePath }: Place): string | undefined {
  const { prefix } = origin
  const at = onOrigin(location, origin, requestUri)
  if (!at || !isBelow(at.pathname, prefix)) return undefined
  // To the same address by the other scheme: the caller would come back to where it was, again and
  // again.
  if (at.origin !== origin.host && at.pathname + at.search === requestUri) return undefined
  const below = at.pathname.slice(prefix.length) + at.search + at.hash
  const path = routePath === '/' ? below || '/' : routePath + below
  // Two slashes would begin a host.
  return path.startsWith('//') ? undefined : path
}

/**
 * An address that an API's client reads, relative to the API as it knows it: LangGraph's clients
 * put it behind their base URL, so the route's path may not be in it a second time.
 * @returns undefined where it leads elsewhere
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
 * An agent behind TLS that somebody else ends names itself by http. Only the path of what is
 * returned counts.
 */
function onOrigin(location: string, { host }: Origin, requestUri: string): URL | undefined {
  const at = URL.parse(location, host + requestUri)
  if (!at || !['http:', 'https:'].includes(at.protocol)) return undefined
  return at.origin === host || at.host === new URL(host).host ? at : undefined
}
