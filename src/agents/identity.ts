import type { Principal } from '../authentication/principal'
import { claimAt } from '../claims'
import { type Json, type JsonObject, plainName } from '../json'

/** Fields of an injected identity, each with its source on the principal. */
export type FieldMap = Readonly<Record<string, string>>

/** Where the verified identity goes. */
export interface IdentityChannels {
  readonly assertion: 'bearer' | 'header' | 'off'
  /** Plain `x-user-*` headers. */
  readonly headers: boolean
  /** Below `key`, or directly as members of the state if there is no `key`. */
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
 * The shape of `auth_user` unless the route maps its own. The guides of AG2 and Microsoft Agent
 * Framework read it in this shape.
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
 * The plain headers. All of them are sent with every request, because LangGraph lets a run inherit
 * missing ones.
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
 * The objects into which LangGraph copies identity headers. It stores and returns them with each
 * run, state and event.
 */
export const CONFIGURATIONS: ReadonlySet<string> = new Set(['configurable', 'metadata'])

/**
 * Names that mean identity to some agent, in their plain spelling, wherever an agent reads them.
 */
export const FORGED_NAMES: ReadonlySet<string> = new Set(
  [...Object.keys(identityHeaders), 'auth_user', 'user_id'].map(plainName),
)

/** Members of the state that a route puts identity into. */
export const namesInState = ({ state }: IdentityChannels): readonly string[] =>
  state === false ? [] : state.key === undefined ? Object.keys(state.fields) : [state.key]

const namesByChannels = new WeakMap<IdentityChannels, ReadonlySet<string>>()

/**
 * Returns the names that a caller may not use wherever a body holds values for the agent. They are
 * the names of every agent, and those under which this route adds identity. Agents merge these
 * places, so a name in one place could override the gateway's value in another.
 */
export function forgedNames(channels: IdentityChannels): ReadonlySet<string> {
  const known = namesByChannels.get(channels)
  if (known) return known
  const own = [...namesInState(channels), ...Object.keys(channels.forwardedProps)]
  const names = new Set([...FORGED_NAMES, ...own.map(plainName)])
  namesByChannels.set(channels, names)
  return names
}

/** Fills a field map from a principal; what the principal lacks is left out. */
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
 * Returns the identity headers of a principal, all of them empty where there is none. They can be
 * cached, because a principal never changes.
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
 * it separates. A space at either end is always encoded, because headers lose it: " alice" and
 * "alice" are two people.
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
    // Behind another gateway, which may use several identity providers, it names the person's own.
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
