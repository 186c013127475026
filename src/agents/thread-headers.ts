import type { Call } from './call'

export const LAST_EVENT = 'last-event-id'

/**
 * Drops `last-event-id`, which resumes a stream, unless the rules of the kind check it. Agents look
 * it up among the events of all callers.
 */
export function withoutForeignEvents(call: Call, resumes: boolean): Call {
  if (resumes || !call.headers.has(LAST_EVENT)) return call
  const headers = new Headers(call.headers)
  headers.delete(LAST_EVENT)
  return { ...call, headers }
}
