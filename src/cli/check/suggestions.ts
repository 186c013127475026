import { distance } from 'fastest-levenshtein'
import { kinds } from '../../agents/kinds'
import type { Route } from '../../config/define'
import type { Fault } from '../../config/fault'
import { issuerPresetNames } from '../../config/issuer-schema'
import { jwsAlgorithmNames } from '../../jws'
import { routeJsonSchema } from '../json-schema'

/** Names that people know a provider or a kind by, and ours. */
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

/** Adds "Did you mean …" to the faults of names that are nearly right. */
export function withSuggestions(faults: readonly Fault[], routes: readonly Route[]): Fault[] {
  const names = knownNames(routes)
  return faults.map((fault) => {
    const meant = nearest(nameIn(fault), names)
    return meant === undefined ? fault : { ...fault, remedy: `Did you mean ${JSON.stringify(meant)}? ${fault.remedy}` }
  })
}

/** The name that a fault is about: the key that means nothing, or the value. */
function nameIn({ path, found }: Fault): string | undefined {
  if (found.startsWith('a key that means nothing')) return /([\w-]+)$/.exec(path)?.[1]
  // Addresses and paths are no names.
  return /^"([^"/:]{2,60})"/.exec(found)?.[1]
}

/** The one of some names that somebody most likely meant; undefined where none is near. */
export function nearest(name: string | undefined, names: Iterable<string>): string | undefined {
  if (name === undefined) return undefined
  const all = new Set(names)
  const known = KNOWN_AS[name.toLowerCase()]
  if (known !== undefined && all.has(known)) return known
  let best: { readonly name: string; readonly far: number } | undefined
  for (const each of all) {
    if (!/[a-z]{2}/i.test(each)) continue
    const far = distance(singular(name), singular(each))
    // The name itself is known elsewhere, and means nothing here.
    // Two letters that changed places are two edits.
    const isNear = each !== name && far <= Math.max(each.length < 5 ? 1 : 2, Math.floor(each.length / 4))
    if (isNear && far < (best?.far ?? Number.POSITIVE_INFINITY)) best = { name: each, far }
  }
  return best?.name
}

/** One and several are taken for each other more often than any letters are. */
const singular = (name: string): string => name.toLowerCase().replace(/ies$/, 'y').replace(/s$/, '')

function knownNames(routes: readonly Route[]): ReadonlySet<string> {
  const operations = Object.values(kinds).flatMap(({ endpoints, bodyOperations = [] }) =>
    [...endpoints, ...bodyOperations].map(({ operation }) => operation),
  )
  const own = routes.flatMap((route) =>
    route?.agent?.kind === 'http' && Array.isArray(route.agent.endpoints)
      ? route.agent.endpoints.flatMap((endpoint) => endpoint?.operation ?? [])
      : [],
  )
  const words = wordsOf(routeJsonSchema())
  return new Set([...words, ...operations, ...own, ...issuerPresetNames, ...jwsAlgorithmNames, ...Object.keys(kinds)])
}

/** The keys of objects and the values that a JSON Schema names. */
function wordsOf(schema: unknown): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap(wordsOf)
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key === 'properties') return [...Object.keys(value), ...wordsOf(Object.values(value))]
    if (key === 'enum') return (value as unknown[]).filter((word): word is string => typeof word === 'string')
    if (key === 'const') return typeof value === 'string' ? [value] : []
    return wordsOf(value)
  })
}
