import { clearEvent, eventsOf, mentions } from '../event-text'
import { type Json, withoutNames } from '../json'
import type { AnswerChange } from './answer-change'

/**
 * Removes identity that the gateway put into a body from the answer to it.
 *
 * @param names of the members that hold it; without any there is nothing to change
 * @param remove takes them out of a value, and may change the value that it is given
 */
export function identityRemoved(
  names: readonly string[],
  remove: (value: Json) => Json = (value) => withoutNames(value, names),
): AnswerChange | undefined {
  if (names.length === 0) return undefined
  const clear = (event: string) => (mentions(event, names) ? clearEvent(event, names, remove) : event)
  return {
    events: (text) => (mentions(text, names) ? eventsOf(text).map(clear).join('') : text),
    answer: (text) => (mentions(text, names) ? JSON.stringify(remove(JSON.parse(text) as Json)) : text),
  }
}
