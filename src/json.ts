/** JSON as values: what it is, and how the names of its members may be spelt. */
import { Refusal } from './errors/refusal'

export type Json = null | boolean | number | string | Json[] | JsonObject
export type JsonObject = { [key: string]: Json }

declare global {
  /** Proposal "JSON.parse source text access", which V8 has. */
  interface JSON {
    rawJSON(text: string): object
    isRawJSON(value: unknown): boolean
  }
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)

const MOST_KEPT = 50_000
/**
 * Where a number may stand that JavaScript would write otherwise: one with a fraction or an
 * exponent, a long one, minus zero. Texts have fewer digits than commas and colons, so it looks for
 * a digit first and then at what is before it: a fifth of the time.
 */
const MAY_CHANGE = /[-\d](?<=(?:[:,[]|^)\s*[-\d])(?:\d*[.eE]|\d{15}|(?<=-)0)/

/**
 * Parses a text as JSON, with numbers that are written again as they were: `1.10`, and 64-bit ids.
 * Such a number is an object to `typeof`, and none to `isObject`. Of more than so many, the others
 * are written as JavaScript writes them: each takes memory.
 * @throws SyntaxError
 */
export function parseAsWritten(text: string): Json {
  if (!MAY_CHANGE.test(text)) return JSON.parse(text)
  let kept = 0
  const asWritten = (_key: string, value: Json, { source }: { readonly source?: string }): Json => {
    if (typeof value !== 'number' || source === undefined || String(value) === source) return value
    return ++kept > MOST_KEPT ? value : (JSON.rawJSON(source) as unknown as number)
  }
  return JSON.parse(text, asWritten as (key: string, value: Json) => Json)
}

/** Whether a value is a number, as JavaScript has it or as it was written. */
export const isNumber = (value: unknown): value is number => typeof value === 'number' || JSON.isRawJSON(value)

/** Parses a text as JSON. @returns undefined where it is not JSON */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** The same for JSON as Python writes it, which has `NaN` and `Infinity`: they become null. */
export const parseLooseJson = (text: string): Json | undefined =>
  parseJson(text) ?? parseJson(text.replace(/(?<=[[,:]\s*)(?:NaN|-?Infinity)(?=\s*[,\]}])/g, 'null'))

/**
 * One spelling for texts that differ in case only, folded both ways: servers compare in upper case
 * (.NET) or in lower case (Go, JavaScript), and Go takes the long s (U+017F) for an s, too.
 */
export const folded = (text: string): string =>
  IS_FOLDED.test(text) ? text : text.normalize('NFKC').toUpperCase().toLowerCase()

/** ASCII without capital letters. */
const IS_FOLDED = /^[\x00-@[-\x7f]*$/

/** One spelling for names that differ in case, `_`, `-` and `.` only. */
export const plainName = (name: string): string => folded(name).replace(/[-_.]/g, '')

/** camelCase, and the snake_case that Python servers take too. */
const KNOWN_SPELLING = /^(?:[a-z]+(?:[A-Z][a-z]+)*|[a-z]+(?:_[a-z]+)*)$/

/**
 * Refuses members that a server could read under another spelling. A server that binds names
 * without regard to case (.NET does) would read `State` after `state`; one that takes two spellings
 * of a member would choose for itself.
 * @param names plain ones, of the members that are looked at
 * @throws Refusal `body-invalid`
 */
export function refuseOtherSpellings(object: JsonObject, names: ReadonlySet<string>): void {
  const found = new Set<string>()
  for (const key of Object.keys(object)) {
    const name = plainName(key)
    if (!names.has(name)) continue
    if (found.has(name) || !KNOWN_SPELLING.test(key)) throw new Refusal('body-invalid', 'a member in two spellings')
    found.add(name)
  }
}

/** The values of members whose name, in whatever case, is one of these lower-case ones. */
export const valuesNamed = (object: JsonObject, names: readonly string[]): readonly Json[] =>
  Object.entries(object).flatMap(([name, value]) => (names.includes(folded(name)) ? [value] : []))

/** Removes the members whose name, in whatever spelling, is one of these plain ones. */
export function removeSpellings(object: JsonObject, names: ReadonlySet<string>): void {
  for (const key of Object.keys(object)) if (names.has(plainName(key))) delete object[key]
}

/** The same at any depth. */
export function removeSpellingsWithin(value: Json, names: ReadonlySet<string>): void {
  if (isObject(value)) removeSpellings(value, names)
  if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) removeSpellingsWithin(item, names)
}
