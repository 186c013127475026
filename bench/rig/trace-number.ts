/**
 * Returns a trace id that contains the number of a request. The audit line repeats the trace id, so
 * that each line can be assigned to one request. Numbers begin at 1.
 */
export const traceId = (trace: number): string => trace.toString(16).padStart(32, '0')

export const traceHeader = (trace: number): string => `00-${traceId(trace)}-000000000000000a-01`

/** Returns the number in a trace id; undefined if this test has not numbered the request. */
export const traceNumber = (id: string): number | undefined =>
  id.startsWith('0'.repeat(20)) ? Number.parseInt(id, 16) : undefined
