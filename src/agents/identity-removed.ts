import { eventEdited, eventsOf, mentions } from '../event-text'
import { parseLooseJson } from '../json'
import type { Edit } from '../json-edit'
import type { AnswerChange } from './answer-change'

/**
 * Makes a change that removes identity from answers, because other people may read them. It edits
 * only members of JSON that can hold identity from the gateway. The gateway refuses an answer that
 * cannot be read as text, because such an answer could contain identity.
 *
 * @param names of the members that hold identity; if the list is empty, answers stay as they are
 * @param edits for the JSON of an event and for the JSON of an answer that is not a stream
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
