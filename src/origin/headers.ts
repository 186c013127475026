/**
 * The caller's headers that the gateway sends to every agent, in lower case as in `Headers`. A
 * header is sent only if this list, the adapter's list or the route's `forwardHeaders` names it.
 */
const REQUEST = [
  'accept',
  'accept-language',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'last-event-id',
  'prefer',
]

const RESPONSE = [
  'accept-ranges',
  'content-disposition',
  'content-language',
  'content-type',
  'etag',
  'last-modified',
  'retry-after',
  'x-pagination-next',
  'x-pagination-total',
]

/**
 * Headers that a route's `forwardHeaders` may not name. In these patterns, `-` stands for each
 * separator (`-`, `_` or `.`). The reserved headers are about identity, credentials, forwarding and
 * routing, or belong to the connection. The gateway sets such a header itself or does not send it.
 */
const RESERVED = [
  /^(authorization|proxy-.*|cookie2?|set-cookie2?|x-api-key|x-auth-.*|x-user.*|x-tenant.*|x-service-key|(x-)?sallyport.*)$/,
  /^(forwarded|x-forwarded.*|x-real-ip|x-client-ip|true-client-ip|cf-.*|via|x-original-.*|x-rewrite-.*)$/,
  /^(x-http-method.*|x-method-override|x-middleware-.*|x-pomerium-.*|x-goog-.*|x-amzn?-.*|x-ms-.*|remote-user|ssl-client-.*)$/,
  /^(client-cert.*|txn-token|dpop|signature.*|content-digest|traceparent|tracestate|baggage|langsmith-trace)$/,
  /^x-(role|email|group|remote|consumer|account|principal|subject|identity|access-token|id-token).*$/,
  /^(connection|keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings|expect|host|content-length|content-encoding)$/,
]

export function isReservedHeader(name: string): boolean {
  const plain = name.toLowerCase().replace(/[_.]/g, '-')
  return RESERVED.some((pattern) => pattern.test(plain))
}

/**
 * Headers that a route's `exposeHeaders` may name: an agent's own (`x-…`), links and rate limits.
 * Routes may not name other headers, because other headers control browsers, caches or connections,
 * or might do so in future.
 */
const OF_THE_AGENT = /^(?:x-(?!accel-|content-|frame-|request-)[a-z0-9-]+|link|ratelimit.*|server-timing)$/

export const isExposable = (name: string): boolean => OF_THE_AGENT.test(name.toLowerCase()) && !isReservedHeader(name)

/**
 * Builds the headers of a request to an origin from nothing (invariant 3 in ARCHITECTURE.md). It
 * takes the caller's headers that `REQUEST` or `extra` names, and headers of the gateway that
 * contain values from the caller's request (`derived`). `send.ts` adds the gateway's other headers.
 *
 * @param hasToken whether a value contains the caller's token; a header with such a value is left
 *   out
 * @param derived headers of the gateway whose values come from the caller's request, by name
 */
export function requestHeaders(
  from: Headers,
  extra: readonly string[],
  hasToken: (value: string) => boolean,
  derived: readonly Readonly<Record<string, string>>[],
): Record<string, string> {
  const headers: Record<string, string> = {}
  const take = (name: string) => {
    const value = from.get(name)
    if (value !== null && !hasToken(value)) headers[name] = value
  }
  for (const name of REQUEST) take(name)
  for (const each of extra) for (const name of namesLike(each, from)) take(name)
  for (const part of derived)
    for (const [name, value] of Object.entries(part)) if (!hasToken(value)) headers[name] = value
  return headers
}

/**
 * Returns the names of the headers that an entry of a list stands for: `mcp-param-*` means every
 * header whose name begins with `mcp-param-`.
 */
const namesLike = (name: string, from: Headers): readonly string[] =>
  name.endsWith('*') ? [...from.keys()].filter((each) => each.startsWith(name.slice(0, -1))) : [name]

/**
 * Builds the headers of a reply from the origin's headers that `RESPONSE` or `extra` names. No
 * cache may store the answer of an origin (invariant 11 in ARCHITECTURE.md).
 * @param own the gateway's own headers
 */
export function responseHeaders(
  from: Headers,
  extra: readonly string[],
  isStream: boolean,
  own: readonly Readonly<Record<string, string>>[],
): Record<string, string> {
  const headers: Record<string, string> = {}
  const take = (name: string) => {
    const value = from.get(name)
    if (value !== null) headers[name] = value
  }
  for (const name of RESPONSE) take(name)
  for (const name of extra) take(name)
  for (const part of own) Object.assign(headers, part)
  headers['cache-control'] = isStream ? 'private, no-store, no-transform' : 'private, no-store'
  headers['x-content-type-options'] = 'nosniff'
  // nginx and similar proxies hold back a stream unless this header tells them not to.
  if (isStream) headers['x-accel-buffering'] = 'no'
  return headers
}
