import type { Principal } from '../authentication/principal'
import { Refusal } from '../errors/refusal'
import type { ThreadKeeping } from './thread-isolation'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** One method and path of an agent, with the name that policies speak of. What no endpoint lists is 404. */
export interface Endpoint {
  readonly operation: string
  readonly method: Method
  /** Below the route: `/threads/:thread/runs`. `:name` is one segment; a last `*` is everything below. */
  readonly path: string
  /** `json`: read, cleared of forged identity and written anew. `stream`: passed on unread. Absent: no body is sent. */
  readonly body?: 'json' | 'stream'
  /** A form may be sent instead of JSON. It passes unread. */
  readonly form?: true
  /** Known, but open only on routes whose `agent.operations` names it. */
  readonly closed?: true
  /** Open only where threads belong to somebody, unless the route names it: it is kept apart there and nowhere else. */
  readonly closedIfShared?: true
  readonly websocket?: true
  /** The body says which of the adapter's `bodyOperations` is meant, so this endpoint is always there. */
  readonly named?: 'in-body'
}

/** An operation that no path tells: the body of an `in-body` endpoint names it. */
export type BodyOperation = Pick<Endpoint, 'operation' | 'closed' | 'closedIfShared'>

/** A request as far as operations go. */
export interface Asked {
  readonly endpoint: Endpoint
  readonly params: Readonly<Record<string, string>>
  /** With its `?`, or empty. */
  readonly query: string
  readonly headers: Headers
  readonly body: Json | undefined
}

/** What an address in an origin's answer is turned into: the gate's own address of the route, and where the origin has its root. */
export interface PublicPlace {
  /** Absolute, without a slash at its end. */
  readonly url: string
  /** The path that the origin puts before everything, without a slash at its end. */
  readonly prefix: string
}

export type Json = null | boolean | number | string | Json[] | JsonObject
export type JsonObject = { [key: string]: Json }

/** Fields of an injected identity, each with where on the principal it comes from. */
export type FieldMap = Readonly<Record<string, string>>

/** Where the verified identity goes. */
export interface IdentityChannels {
  readonly assertion: 'bearer' | 'header' | 'off'
  /** Plain `x-user-*` headers. */
  readonly headers: boolean
  /** Below `key`, or without one as members of the state themselves. */
  readonly state: false | { readonly key?: string; readonly fields: FieldMap }
  readonly forwardedProps: FieldMap
  readonly langgraphAuthUser: boolean
}

/** What an adapter needs to rewrite a body. */
export interface Rewriting {
  readonly endpoint: Endpoint
  readonly operations: readonly string[]
  readonly channels: IdentityChannels
  /** Absent on public routes: then forged identity is removed and nothing put in its place. */
  readonly principal: Principal | undefined
}

/** All that Sallyport knows of one kind of agent. */
export interface Adapter {
  readonly kind: string
  readonly endpoints: readonly Endpoint[]
  /** Where this kind looks for the user, unless the route says otherwise. */
  readonly identity: IdentityChannels
  /** Seconds of silence after which the gate sends a comment; 0 where the agent sends its own. */
  readonly heartbeatSeconds: number
  /**
   * Removes identity that the caller put into the body, and puts the verified one where the route wants it.
   * @throws Refusal `body-invalid` or `field-forbidden`
   */
  rewrite(body: Json, rewriting: Rewriting): Json
  /** Operations that bodies of `in-body` endpoints name. */
  readonly bodyOperations?: readonly BodyOperation[]
  /**
   * Everything that a request does, by its path and by what its query or body asks: the route must offer and a policy permit
   * it all. Absent: the endpoint's operation, and nothing beside it.
   * @throws Refusal `operation-unknown`, `body-invalid` or `header-mismatch`
   */
  operationsOf?(asked: Asked): readonly string[]
  /** More request headers that may reach this kind, in lower case; `name-*` for all that begin so. */
  readonly requestHeaders?: readonly string[]
  /** More reply headers that may reach the caller. */
  readonly responseHeaders?: readonly string[]
  /** A browser that names a web origin must name one of the route's, on every request. */
  readonly refusesForeignOrigins?: true
  /**
   * Turns a JSON answer to these operations into what the caller may have. Absent: such answers pass as they are.
   * @returns undefined for operations whose answers pass unread
   */
  answerOf?(operations: readonly string[], place: PublicPlace): ((answer: Json) => Json) | undefined
  /**
   * Takes tokens out of the body, as they stand there, with or without their scheme. Absent: bodies of this kind have no
   * place for one.
   */
  takeTokens?(body: Json): readonly Json[]
  /** How the threads of this kind are kept apart. Absent: it has none. */
  readonly threads?: ThreadKeeping
  /** The id of the conversation as the agent knows it, for the assertion's `tid` and the audit line. */
  threadOf(params: Readonly<Record<string, string>>, body: Json | undefined, endpoint: Endpoint): string | undefined
  /** Names that were put into the body and may not come back to the caller. Empty: the reply is not read. */
  injectedNames(channels: IdentityChannels): readonly string[]
  /** Removes those names from one event of a stream or from a JSON reply. */
  scrub(value: Json, names: readonly string[]): Json
  /** Operations whose answers are streams of events, also where the server does not say so (AG2 0.x names no type). */
  readonly streams?: ReadonlySet<string>
  /** How this protocol says that a stream broke, as one whole server-sent event. Absent: the connection is broken off. */
  brokenStream?(code: string, message: string): string
  /** Whether an event with this data ends the conversation, so that a connection cut after it has lost nothing. */
  isLast?(data: Json): boolean
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A text as JSON; undefined where it is none. */
export function jsonIn(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** One spelling for names that differ in case only, as Go and .NET read them: Go takes the long s (U+017F) for an s, too. */
export const folded = (name: string): string => name.normalize('NFKC').toLowerCase()

/** One spelling for names that differ in case, `_`, `-` and `.` only. */
export const plainName = (name: string): string => folded(name).replace(/[-_.]/g, '')

/** camelCase, and the snake_case that Python servers take too. */
const KNOWN_SPELLING = /^(?:[a-z]+(?:[A-Z][a-z]+)*|[a-z]+(?:_[a-z]+)*)$/

/**
 * A server that binds names without regard to case (.NET does) would read `State` after `state`; one that takes two spellings of
 * a member would choose for itself.
 * @param names plain ones, of the members that are looked at
 * @throws Refusal `body-invalid`
 */
export function refuseOtherSpellings(object: JsonObject, names: ReadonlySet<string>): void {
  const seen = new Set<string>()
  for (const key of Object.keys(object)) {
    const name = plainName(key)
    if (!names.has(name)) continue
    if (seen.has(name) || !KNOWN_SPELLING.test(key)) throw new Refusal('body-invalid', 'a member in two spellings')
    seen.add(name)
  }
}

/** The value without members of these plain names, in whatever spelling and at any depth. It changes what it is given. */
export function removeSpellingsWithin(value: Json, names: ReadonlySet<string>): void {
  if (isObject(value)) removeSpellings(value, names)
  if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) removeSpellingsWithin(item, names)
}

/** Removes the members whose name, in whatever spelling, is one of these plain ones. */
export function removeSpellings(object: JsonObject, names: ReadonlySet<string>): void {
  for (const key of Object.keys(object)) if (names.has(plainName(key))) delete object[key]
}

/** The value without members of these names, at any depth. It changes what it is given. */
export function withoutNames(value: Json, names: readonly string[]): Json {
  if (Array.isArray(value)) for (const item of value) withoutNames(item, names)
  else if (isObject(value))
    for (const key of Object.keys(value)) {
      if (names.includes(key)) delete value[key]
      else withoutNames(value[key] as Json, names)
    }
  return value
}
