import { Refusal } from '../errors/refusal'
import { isObject, type Json, type JsonObject } from '../json'
import type { Sharing } from '../threads/owner'

/**
 * A member of a query or a body by which a request asks for more operations than its path names.
 */
export interface DecidingMember {
  readonly place: 'query' | 'body'
  /** Every spelling that some server accepts. */
  readonly spellings: readonly [string, ...string[]]
  /**
   * Returns the operation that this value asks for in addition to the endpoint's own.
   * @param value of a query, a string
   * @param threads who owns the threads of the route: ending the caller's own run asks for nothing
   */
  asks(value: Json, threads: Sharing): string | undefined
}

/**
 * Returns the objects of a body that can hold such members: each item of a batch, and the `params`
 * of a command.
 */
const partsOf = (body: Json | undefined): readonly JsonObject[] =>
  (Array.isArray(body) ? body : [body]).filter(isObject).flatMap((one) => [one, one.params].filter(isObject))

/**
 * Returns the operations that the members of a request ask for. Servers differ in which spelling
 * they read, and in which of two parameters of the same name. So a member may have only one value.
 *
 * @throws Refusal `body-invalid` for a parameter of the query that occurs twice, and for two
 *   spellings with different values
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
