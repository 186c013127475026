import { eventEdited, eventsOf, mentions } from '../event-text'
import { parseLooseJson } from '../json'
import type { Edit } from '../json-edit'
import type { AnswerChange } from './answer-change'

/**
 * Removes identity that the gateway put into a body from what others may read: from the places
 * where it was put, and from no others. An answer that cannot be read as text is refused, because
 * nobody knows what is in it.
 *
 * @param names of the members that hold it; without any there is nothing to change
 * @param edits of the JSON of an event, and of the JSON of an answer that is no stream
 */
export function identityRemoved(
  names: readonly string[],
  edits: { readonly event: Edit; readonly answer: Edit },
): AnswerChange | undefined {
  if (names.length === 0) return undefined
  const clear = (event: string) => (mentions(event, names) ? eventEdited(event, edits.event) : event)
  return {
    events: (text) => (mentions(text, names) ? eventsOf(text).map(clear).join('') : text),
    answer: (text) => (mentions(text, names) && parseLooseJson(text) !== undefined ? (edits.answer(text) ?? '') : text),
  }
}
