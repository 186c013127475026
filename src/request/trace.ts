/**
 * The place of this request in a distributed trace (W3C Trace Context), and the request's id at
 * this gateway.
 */
export interface Trace {
  /** A UUID. It is also the assertion's `jti` and the audit line's `id`. */
  readonly requestId: string
  readonly traceId: string
  /** The header for the origin: the same trace, with this gateway as the parent. */
  readonly traceparent: string
  /** The header `tracestate`. It is passed on only if the caller's `traceparent` was accepted. */
  readonly tracestate: string | undefined
}

/**
 * Matches version 00 of the header `traceparent`, or a later version, which may have more fields. A
 * later version is passed on as version 00 (W3C Trace Context section 4.3).
 */
const TRACEPARENT =
  /^(?:00(?=-[^-]*-[^-]*-[^-]*$)|(?!00|ff)[0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:-.*)?$/
const TRACESTATE = /^[\t\x20-\x7e]{1,512}$/

/**
 * Continues the trace of a well-formed `traceparent`, or begins a new trace (W3C Trace Context
 * section 3.2).
 */
export function readTrace(headers: Headers, randomId: () => string): Trace {
  const requestId = randomId()
  const hex = randomId().replaceAll('-', '')
  const given = TRACEPARENT.exec(headers.get('traceparent') ?? '')
  const traceId = given?.[1] ?? requestId.replaceAll('-', '')
  const tracestate = given ? (headers.get('tracestate') ?? '') : ''
  return {
    requestId,
    traceId,
    traceparent: `00-${traceId}-${hex.slice(0, 16)}-${given?.[2] ?? '01'}`,
    tracestate: TRACESTATE.test(tracestate) ? tracestate : undefined,
  }
}
