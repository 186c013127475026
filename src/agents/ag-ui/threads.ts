import { DerivedIds } from '../derived-ids'
import { nobody, type Rule } from '../thread-isolation'
import { withOwnThreadIds } from './run-input'

/** AG-UI: the agent knows every thread by an id that only its owner's requests can produce. */
export const input: Rule = async (call, { ids, newId }) => {
  const derived = new DerivedIds(ids)
  const body = await withOwnThreadIds(call.body, derived, newId)
  return { call: { ...call, headers: wantingText(call.headers), body }, change: derived.change }
}

export const rules = { input, nobody }

/**
 * Asks for a text stream, in which ids can be put back. Otherwise clients that accept any type
 * would get a binary stream from some servers.
 */
function wantingText(from: Headers): Headers {
  const headers = new Headers(from)
  headers.set('accept', 'text/event-stream')
  return headers
}
