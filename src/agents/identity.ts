import type { Principal } from '../authentication/principal'
import { claimAt } from '../claims'
import { type Json, type JsonObject, plainName } from '../json'

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

/** The signed assertion in its own header, and no identity anywhere else. */
export const assertionOnly: IdentityChannels = {
  assertion: 'header',
  headers: false,
  state: false,
  forwardedProps: {},
  langgraphAuthUser: false,
}

/**
 * The shape of `auth_user` unless the route maps its own: what the guides of AG2 and Microsoft
 * Agent Framework read.
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
 * The plain headers, all of which go along on every request: LangGraph lets a run inherit those
 * that are missing.
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
 * The name of a header of identity where the agent hands `x-*` headers on: `sallyport-user-id`,
 * `sallyport-assertion`.
 */
export const quietName = (name: string): string => name.replace(/^x-(?:sallyport-)?/, 'sallyport-')

/**
 * The objects into which LangGraph copies headers of identity: it keeps and tells them with each
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
 * Returns the names that a caller may not give in any place of a body that holds values for the
 * agent: those of every agent, and those under which this route puts identity into one of these
 * places. Agents merge them, so that a name in one place could win over the gateway's in another.
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
 * The identity headers of a principal; every one of them empty where there is none. A principal
 * never changes.
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
 * Percent-encodes what is not printable ASCII, and `%` itself, as UTF-8: a header's bytes are read
 * as latin-1 by some servers and as UTF-8 by others. Inside a list the comma, which separates, is
 * encoded too, and everywhere a space at an end, which headers lose: " alice" and "alice" are two
 * people.
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
    // Behind another gateway, whose people several providers may vouch for.
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
