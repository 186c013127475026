/** Server-sent events as text (HTML standard, "Server-sent events"). */
import { type Json, parseJson, parseLooseJson } from './json'
import type { Edit } from './json-edit'

/** Splits a text of whole events into single events. Each event keeps the blank line at its end. */
export const eventsOf = (text: string): string[] => text.split(/(?<=\n\n|\r\r|\n\r\n)/).filter((event) => event !== '')

export const mentions = (text: string, names: readonly string[]): boolean => names.some((name) => text.includes(name))

/**
 * Returns the JSON in the data of an event; undefined if the event has no JSON, as in a comment.
 */
export const dataOf = (event: string): Json | undefined =>
  parseJson(linesOf(event).filter(isData).map(jsonOf).join('\n'))

/**
 * Returns an event with its JSON edited. The lines of the event that hold no data stay. If the
 * event carries no JSON, or nothing in it changes, the event is returned byte for byte.
 */
export function eventEdited(event: string, edit: Edit): string {
  const lines = linesOf(event)
  const text = lines.filter(isData).map(jsonOf).join('\n')
  const made = parseLooseJson(text) === undefined ? text : (edit(text) ?? '')
  if (made === text) return event
  const rest = lines.filter((line) => line !== '' && !isData(line))
  return [...rest, ...made.split('\n').map((line) => `data: ${line}`), '', ''].join('\n')
}

/** Returns the lines of an event. A stream may begin with a byte order mark, which is left out. */
const linesOf = (event: string): string[] => event.replace(/^\ufeff/, '').split(/\r\n|\n|\r/)
const isData = (line: string): boolean => line === 'data' || line.startsWith('data:')
const jsonOf = (line: string): string => line.replace(/^data:? ?/, '')

/** A `data:` line of an event, at the start of the text or after a line break. */
const DATA_LINE = /(?<=^|[\r\n])data:([^\r\n]*)/g

/**
 * Replaces the data of each event in a text by the result of `map`. Each event must have its data
 * in one line; servers that send JSON write it so. Other lines stay as they are, and so do data
 * that `map` returns unchanged.
 */
export async function dataLinesMapped(text: string, map: (data: string) => Promise<string>): Promise<string> {
  let mapped = ''
  let from = 0
  for (const line of text.matchAll(DATA_LINE)) {
    const given = (line[1] ?? '').trim()
    const made = await map(given)
    mapped += text.slice(from, line.index) + (made === given ? line[0] : `data: ${made}`)
    from = line.index + line[0].length
  }
  return mapped + text.slice(from)
}
