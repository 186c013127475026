import { eventEdited, eventsOf, mentions } from '../event-text'
import { parseLooseJson } from '../json'
import type { Edit } from '../json-edit'
import type { AnswerChange } from './answer-change'

/**
 * Removes identity that the gateway put into a body from answers that others may read. It looks
 * only at the places where the gateway put it. An answer that cannot be read as text is refused,
 * because its content is unknown.
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
