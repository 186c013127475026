import { Refusal } from '../errors/refusal'
import { isObject, type Json, type JsonObject } from '../json'
import type { Sharing } from '../threads/owner'

/**
 * A query parameter or a member of a body that asks for an operation in addition to the operation
 * of the path.
 */
export interface DecidingMember {
  readonly place: 'query' | 'body'
  /** All spellings of the name that some server accepts. */
  readonly spellings: readonly [string, ...string[]]
  /**
   * Returns the operation that this value asks for in addition to the endpoint's own.
   * @param value of the member or query parameter; the value of a query parameter is a string
   * @param threads who owns the threads of the route; to end their own run, a caller needs no
   *   further operation
   */
  asks(value: Json, threads: Sharing): string | undefined
}

/**
 * Returns the objects of a body that can contain a `DecidingMember`: the body itself or each item
 * of a batch, and the `params` of each (commands have `params`).
 */
const partsOf = (body: Json | undefined): readonly JsonObject[] =>
  (Array.isArray(body) ? body : [body]).filter(isObject).flatMap((one) => [one, one.params].filter(isObject))

/**
 * Returns the operations that the members of a request ask for. Servers differ in the spelling of a
 * name that they read. If a parameter occurs twice, servers differ in which value they use. So a
 * member or parameter may have only one value.
 *
 * @throws Refusal `body-invalid` for a query parameter that occurs twice, and for two spellings
 *   with different values
 */
export function operationsOfMembers(
  { query, body }: { readonly query: string; readonly body: Json | undefined },
  members: readonly DecidingMember[],
  threads: Sharing,
): readonly string[] {
  const search = new URLSearchParams(query)
  const parts = partsOf(body)
  return members.flatMap(({ place, spellings, asks }) => {
    const found = place === 'query' ? [inQuery(search, spellings)] : parts.map((part) => inBody(part, spellings))
    return found.flatMap((value) => (value === undefined ? [] : (asks(value, threads) ?? [])))
  })
}

function inQuery(search: URLSearchParams, spellings: readonly string[]): Json | undefined {
  const values = spellings.map((name) => search.getAll(name))
  if (values.some((each) => each.length > 1)) throw new Refusal('body-invalid', 'a parameter twice')
  return theOne(values.flat())
}

const inBody = (part: JsonObject, spellings: readonly string[]): Json | undefined =>
  theOne(spellings.flatMap((name) => (Object.hasOwn(part, name) ? [part[name] as Json] : [])))

function theOne(values: readonly Json[]): Json | undefined {
  const [first, ...others] = values
  const text = JSON.stringify(first)
  if (others.some((other) => JSON.stringify(other) !== text))
    throw new Refusal('body-invalid', 'a member in two spellings')
  return first
}
