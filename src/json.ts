/**
 * Functions for JSON that has been parsed into values, and for the spellings of its member names.
 */
import { Refusal } from './errors/refusal'

export type Json = null | boolean | number | string | Json[] | JsonObject
export type JsonObject = { [key: string]: Json }

declare global {
  /** The proposal "JSON.parse source text access", which V8 supports. */
  interface JSON {
    rawJSON(text: string): object
    isRawJSON(value: unknown): boolean
  }
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)

const MOST_KEPT = 50_000
/**
 * Matches numbers that JavaScript may write differently: with a fraction or an exponent, long ones,
 * and minus zero. The pattern looks for a digit first, and then at the text before the digit. This
 * takes a fifth of the time, because texts have fewer digits than commas and colons.
 */
const MAY_CHANGE = /[-\d](?<=(?:[:,[]|^)\s*[-\d])(?:\d*[.eE]|\d{15}|(?<=-)0)/

/**
 * Parses a text as JSON. Numbers such as `1.10` and 64-bit ids are kept as they were written, so
 * that they can be written back unchanged. `typeof` calls such a number an object; `isObject` does
 * not. After the first MOST_KEPT such numbers, further ones become JavaScript numbers, because each
 * number that is kept takes memory.
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

/**
 * Tells whether a value is a number: a JavaScript number, or one that was kept as it was written.
 */
export const isNumber = (value: unknown): value is number => typeof value === 'number' || JSON.isRawJSON(value)

/** Parses a text as JSON. @returns undefined if it is not JSON */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** Parses JSON as Python writes it, with `NaN` and `Infinity`. Both become null. */
export const parseLooseJson = (text: string): Json | undefined =>
  parseJson(text) ?? parseJson(text.replace(/(?<=[[,:]\s*)(?:NaN|-?Infinity)(?=\s*[,\]}])/g, 'null'))

/**
 * Returns one spelling for texts that differ only in case. The text is converted to upper and then
 * to lower case, because some servers compare in upper case (.NET), others in lower case (Go,
 * JavaScript). Go also takes the long s (U+017F) for an s.
 */
export const folded = (text: string): string =>
  IS_FOLDED.test(text) ? text : text.normalize('NFKC').toUpperCase().toLowerCase()

/** Matches ASCII text without capital letters. */
const IS_FOLDED = /^[\x00-@[-\x7f]*$/

/** Returns one spelling for names that differ only in case, `_`, `-` and `.`. */
export const plainName = (name: string): string => folded(name).replace(/[-_.]/g, '')

/** Matches names in camelCase, and in the snake_case that Python servers accept too. */
const KNOWN_SPELLING = /^(?:[a-z]+(?:[A-Z][a-z]+)*|[a-z]+(?:_[a-z]+)*)$/

/**
 * Refuses members that a server could read under another spelling. A server that ignores the case
 * of names (.NET does) would take `State` for `state`. A server that accepts two spellings of a
 * member would choose one of them, and the gateway cannot know which.
 * @param names of the members to check, as `plainName` spells them
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

/** Returns the values of members with a name in `names`, in any case. `names` are lower case. */
export const valuesNamed = (object: JsonObject, names: readonly string[]): readonly Json[] =>
  Object.entries(object).flatMap(([name, value]) => (names.includes(folded(name)) ? [value] : []))

/**
 * Removes the members with a name in `names`, in any spelling. `names` are spelt as `plainName`
 * spells them.
 */
export function removeSpellings(object: JsonObject, names: ReadonlySet<string>): void {
  for (const key of Object.keys(object)) if (names.has(plainName(key))) delete object[key]
}

/** Removes the same members as `removeSpellings`, at any depth of the value. */
export function removeSpellingsWithin(value: Json, names: ReadonlySet<string>): void {
  if (isObject(value)) removeSpellings(value, names)
  if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) removeSpellingsWithin(item, names)
}
