import type { Principal } from '../authentication/principal'
import { claimAt } from '../claims'
import { type Json, type JsonObject, plainName } from '../json'

/**
 * The fields of the identity that the agent receives, each with its source in the principal (the
 * verified caller).
 */
export type FieldMap = Readonly<Record<string, string>>

/** The places in which the agent receives the verified identity: headers and members of a body. */
export interface IdentityChannels {
  readonly assertion: 'bearer' | 'header' | 'off'
  /** Whether to send unsigned `x-user-*` headers. */
  readonly headers: boolean
  /**
   * Identity in the member `state` of the request body: below `key`, or as members of the state
   * itself if `key` is absent.
   */
  readonly state: false | { readonly key?: string; readonly fields: FieldMap }
  readonly forwardedProps: FieldMap
  readonly langgraphAuthUser: boolean
}

/** The signed assertion in its own header, and no identity anywhere else. */
export const assertionOnly: IdentityChannels = {
  assertion: 'header',
  headers: false,
  state: false,
  forwardedProps: {},
  langgraphAuthUser: false,
}

/**
 * The fields of `state.auth_user` in the request body, unless the route chooses others. The example
 * agents in the guides of AG2 and Microsoft Agent Framework read these fields.
 */
export const authUser: FieldMap = {
  user_id: 'user_id',
  email: 'email',
  name: 'name',
  role: 'role',
  roles: 'roles',
  tenant: 'tenant',
  scopes: 'scopes',
}

/**
 * The unsigned identity headers. The gateway sends all of them with every request, because a later
 * LangGraph run inherits the values of headers that it does not receive.
 */
export const identityHeaders: FieldMap = {
  'x-user-id': 'user_id',
  'x-user-email': 'email',
  'x-user-name': 'name',
  'x-user-roles': 'roles',
  'x-user-scopes': 'scopes',
  'x-user-tenant': 'tenant',
  'x-user-issuer': 'issuer',
}

/**
 * Returns the name of an identity header for an agent that forwards `x-*` headers:
 * `sallyport-user-id`, `sallyport-assertion`.
 */
export const quietName = (name: string): string => name.replace(/^x-(?:sallyport-)?/, 'sallyport-')

/**
 * The objects into which LangGraph copies identity headers. LangGraph stores these objects and
 * returns them with each run, state and event.
 */
export const CONFIGURATIONS: ReadonlySet<string> = new Set(['configurable', 'metadata'])

/**
 * Names of body members that some kind of agent reads as identity. The names are spelt in lower
 * case, without `_`, `-` and `.`.
 */
export const FORGED_NAMES: ReadonlySet<string> = new Set(
  [...Object.keys(identityHeaders), 'auth_user', 'user_id'].map(plainName),
)

/** Returns the names of the members of the state into which a route puts identity. */
export const namesInState = ({ state }: IdentityChannels): readonly string[] =>
  state === false ? [] : state.key === undefined ? Object.keys(state.fields) : [state.key]

const namesByChannels = new WeakMap<IdentityChannels, ReadonlySet<string>>()

/**
 * Returns the names of members that a caller may not use in a body, at any place that holds values
 * for the agent. These are `FORGED_NAMES` and the names under which this route adds identity.
 * Agents merge the values of all such places, so a caller's value in one place could override the
 * gateway's value in another.
 */
export function forgedNames(channels: IdentityChannels): ReadonlySet<string> {
  const known = namesByChannels.get(channels)
  if (known) return known
  const own = [...namesInState(channels), ...Object.keys(channels.forwardedProps)]
  const names = new Set([...FORGED_NAMES, ...own.map(plainName)])
  namesByChannels.set(channels, names)
  return names
}

/**
 * Fills a field map with the values of a principal (the verified caller). Fields without a value
 * are left out.
 */
export function describe(principal: Principal, fields: FieldMap): JsonObject {
  const described: JsonObject = {}
  for (const [name, source] of Object.entries(fields)) {
    const value = valueFor(principal, source)
    if (value !== undefined) described[name] = value
  }
  return described
}

const headersByPrincipal = new WeakMap<Principal, Readonly<Record<string, string>>>()

/**
 * Returns the identity headers for a principal (the verified caller). Without a principal, all
 * headers are empty. The headers are cached by principal, because a principal never changes.
 */
export function headersOf(principal: Principal | undefined): Readonly<Record<string, string>> {
  const known = principal && headersByPrincipal.get(principal)
  if (known) return known
  const headers = identityHeadersOf(principal)
  if (principal) headersByPrincipal.set(principal, headers)
  return headers
}

function identityHeadersOf(principal: Principal | undefined): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, source] of Object.entries(identityHeaders)) {
    const value = principal && valueFor(principal, source)
    headers[name] = Array.isArray(value)
      ? value.map((item) => toAscii(String(item), true)).join(',')
      : toAscii(String(value ?? ''))
  }
  return headers
}

/**
 * Percent-encodes characters other than printable ASCII, and `%` itself, as UTF-8. Some servers
 * read a header's bytes as latin-1 and others as UTF-8. In a list the comma is encoded too, because
 * it separates items. A space at either end is always encoded, because HTTP removes it from
 * headers: " alice" and "alice" are two people.
 */
function toAscii(text: string, inList = false): string {
  return text.replace(inList ? /[^\x20-\x7e]|[%,]|^ | $/gu : /[^\x20-\x7e]|%|^ | $/gu, (character) =>
    character === ',' ? '%2C' : encodeURIComponent(character.isWellFormed() ? character : '\ufffd'),
  )
}

function valueFor(principal: Principal, source: string): Json | undefined {
  if (source.startsWith('claims.')) return claimAt(principal.claims, source.slice('claims.'.length)) as Json | undefined
  switch (source) {
    case 'user_id':
      return principal.userId
    case 'role':
      return principal.roles[0]
    case 'roles':
    case 'scopes':
      return [...principal[source]]
    // If another Sallyport gateway issued the token, this is the identity provider at which the
    // person signed in.
    case 'issuer':
      return principal.identityProvider
    case 'subject':
    case 'email':
    case 'name':
    case 'tenant':
    case 'client':
      return principal[source]
    default:
      return undefined
  }
}
