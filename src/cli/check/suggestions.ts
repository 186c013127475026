import { distance } from 'fastest-levenshtein'
import { kinds } from '../../agents/kinds'
import type { Route } from '../../config/define'
import type { Fault } from '../../config/fault'
import { routeJsonSchema } from '../json-schema'

/**
 * Common names of identity providers and kinds of agents, each with the name that Sallyport uses.
 */
const KNOWN_AS: Readonly<Record<string, string>> = {
  azure: 'entra',
  'azure-ad': 'entra',
  aad: 'entra',
  microsoft: 'entra',
  'entra-id': 'entra',
  aws: 'cognito',
  'aws-cognito': 'cognito',
  access: 'cloudflare-access',
  cloudflare: 'cloudflare-access',
  langchain: 'langgraph',
  autogen: 'ag2',
  agui: 'ag-ui',
  ag_ui: 'ag-ui',
  'agent-framework': 'maf',
}

/** Adds "Did you mean …" to faults about a name that is probably misspelt. */
export function withSuggestions(faults: readonly Fault[], routes: readonly Route[]): Fault[] {
  const keys = keysOf(routeJsonSchema())
  const operations = operationsIn(routes)
  return faults.map((fault) => {
    const isKey = fault.found.startsWith('an unknown key')
    const meant = isKey
      ? nearest(/([\w-]+)$/.exec(fault.path)?.[1], keys)
      : nearest(/^"([^"/:]{2,60})"/.exec(fault.found)?.[1], namesExpected(fault, operations))
    return meant === undefined ? fault : { ...fault, remedy: `Did you mean ${JSON.stringify(meant)}? ${fault.remedy}` }
  })
}

/**
 * Returns the names that would be valid at the place of a fault: all operations, or the names that
 * the fault's text lists.
 */
function namesExpected({ expected }: Fault, operations: readonly string[]): readonly string[] {
  if (/\boperation\b/.test(expected)) return operations
  return / or "|one of/.test(expected) ? (expected.match(/[\w-]{2,}/g) ?? []) : []
}

/** Returns the name that the user most likely meant, or undefined if no name is similar. */
export function nearest(name: string | undefined, names: Iterable<string>): string | undefined {
  if (name === undefined) return undefined
  const all = new Set(names)
  const known = KNOWN_AS[name.toLowerCase()]
  if (known !== undefined && all.has(known)) return known
  let best: { readonly name: string; readonly far: number } | undefined
  for (const each of all) {
    if (!/[a-z]{2}/i.test(each)) continue
    const far = distance(singular(name), singular(each))
    // A name that is wrong here may be a valid key in another place. It must not be suggested as
    // its own correction. Two swapped letters count as two edits.
    const isNear = each !== name && far <= Math.max(each.length < 5 ? 1 : 2, Math.floor(each.length / 4))
    if (isNear && far < (best?.far ?? Number.POSITIVE_INFINITY)) best = { name: each, far }
  }
  return best?.name
}

/**
 * Removes the plural ending, because people confuse singular and plural more often than letters.
 */
const singular = (name: string): string => name.toLowerCase().replace(/ies$/, 'y').replace(/s$/, '')

/**
 * Returns the operations of all kinds of agents, and those that routes with `http` agents define.
 */
function operationsIn(routes: readonly Route[]): readonly string[] {
  const known = Object.values(kinds).flatMap(({ endpoints, bodyOperations = [] }) =>
    [...endpoints, ...bodyOperations].map(({ operation }) => operation),
  )
  const own = routes.flatMap((route) =>
    route?.agent?.kind === 'http' && Array.isArray(route.agent.endpoints)
      ? route.agent.endpoints.flatMap((endpoint) => endpoint?.operation ?? [])
      : [],
  )
  return [...known, ...own]
}

/** Returns all property names in a JSON Schema. */
function keysOf(schema: unknown): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap(keysOf)
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([key, value]) =>
    key === 'properties' ? [...Object.keys(value), ...keysOf(Object.values(value))] : keysOf(value),
  )
}
