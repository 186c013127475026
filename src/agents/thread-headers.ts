import type { Call } from './call'

export const LAST_EVENT = 'last-event-id'

/**
 * Drops the id of an event, by which a stream is taken up again, unless the kind looks at it:
 * agents look up events among those of all callers.
 */
export function withoutForeignEvents(call: Call, resumes: boolean): Call {
  if (resumes || !call.headers.has(LAST_EVENT)) return call
  const headers = new Headers(call.headers)
  headers.delete(LAST_EVENT)
  return { ...call, headers }
}
