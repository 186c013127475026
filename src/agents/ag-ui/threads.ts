import { DerivedIds } from '../derived-ids'
import { nobody, type Rule } from '../thread-isolation'
import { withOwnThreadIds } from './run-input'

/**
 * The ownership rule for AG-UI runs. The agent receives an id for each thread that only requests of
 * the thread's owner can produce.
 */
export const input: Rule = async (call, { ids, newId }) => {
  const derived = new DerivedIds(ids)
  const body = await withOwnThreadIds(call.body, derived, newId)
  return { call: { ...call, headers: wantingText(call.headers), body }, change: derived.change }
}

export const rules = { input, nobody }

/**
 * Sets `accept` to a text stream, because the gateway must put the caller's ids back into it.
 * Otherwise some servers would send a binary stream to clients that accept any type.
 */
function wantingText(from: Headers): Headers {
  const headers = new Headers(from)
  headers.set('accept', 'text/event-stream')
  return headers
}
