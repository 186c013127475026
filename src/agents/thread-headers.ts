import type { Call } from './call'

export const LAST_EVENT = 'last-event-id'

/**
 * Removes the header `last-event-id`, which resumes a stream, unless the rules for this kind of
 * agent check it. Agents look up the event id among the events of all callers, so an unchecked id
 * could return another caller's events.
 */
export function withoutForeignEvents(call: Call, resumes: boolean): Call {
  if (resumes || !call.headers.has(LAST_EVENT)) return call
  const headers = new Headers(call.headers)
  headers.delete(LAST_EVENT)
  return { ...call, headers }
}
