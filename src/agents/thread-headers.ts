import type { Ids } from '../threads/ids'
import type { Call } from './call'

export const LAST_EVENT = 'last-event-id'
const IDEMPOTENCY_KEY = 'idempotency-key'

/**
 * Changes the headers by which an agent may look up what it keeps for all callers in one place. An idempotency key becomes one of
 * its owner's alone. The id of an event, by which a stream is taken up again, is not passed on unless the kind looks at it.
 */
export async function withOwnHeaders(call: Call, ids: Ids, resumes: boolean): Promise<Call> {
  const key = call.headers.get(IDEMPOTENCY_KEY)
  const isDropped = !resumes && call.headers.has(LAST_EVENT)
  if (key === null && !isDropped) return call
  const headers = new Headers(call.headers)
  if (isDropped) headers.delete(LAST_EVENT)
  if (key !== null) headers.set(IDEMPOTENCY_KEY, await ownKey(key, ids))
  return { ...call, headers }
}

/** The draft of that header has its value in quotes; most servers take it without. */
async function ownKey(key: string, ids: Ids): Promise<string> {
  const derived = await ids.derive('idempotency-key', key)
  return key.startsWith('"') ? `"${derived}"` : derived
}
