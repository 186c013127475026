import { folded } from '../json'
import type { Endpoint } from './endpoints'

interface Node {
  /** Child nodes for literal segments of a path, by their percent-decoded text. */
  readonly children: Map<string, Node>
  /**
   * Child nodes for parameters. The key is the text after the parameter in its segment: `:cancel`
   * in `/tasks/:task:cancel`. This text is usually empty.
   */
  readonly params: Map<string, { readonly name: string; readonly node: Node }>
  /**
   * The literal texts (keys) of `children` and `params` in one case. A segment of a request's path
   * that differs from such a text only in case matches nothing.
   */
  readonly folded: Set<string>
  readonly endpoints: Map<string, Endpoint>
  readonly below: Map<string, Endpoint>
}

export type Found =
  | { readonly endpoint: Endpoint; readonly params: Readonly<Record<string, string>> }
  | { readonly allow: readonly string[] }

/**
 * A function that finds the endpoint for a method and a canonical path below the route. If only the
 * method is wrong, it returns `allow`, the methods that the path accepts.
 */
export type Finder = (method: string, path: string) => Found | undefined

const node = (): Node => ({
  children: new Map(),
  params: new Map(),
  folded: new Set(),
  endpoints: new Map(),
  below: new Map(),
})

/**
 * Builds a tree of path segments, once per route. The time to find an endpoint then depends on the
 * length of the path, not on the number of endpoints. A literal segment takes precedence over a
 * parameter, and both take precedence over `*`. An endpoint that the route does not offer stays in
 * the tree, because otherwise a more general endpoint would match its path.
 *
 * A path is matched as servers may read it: percent-decoded, and without a slash at its end. Some
 * servers also ignore case. So a segment that differs from a literal only in case matches neither
 * the literal nor a parameter nor `*`.
 */
export function compileEndpoints(endpoints: readonly Endpoint[], isOpen: (endpoint: Endpoint) => boolean): Finder {
  const root = node()
  for (const endpoint of endpoints) {
    const segments = split(endpoint.path)
    const wild = segments.at(-1) === '*'
    let at = root
    for (const segment of wild ? segments.slice(0, -1) : segments) at = descend(at, segment)
    const table = wild ? at.below : at.endpoints
    table.set(endpoint.method, endpoint)
  }
  return (method, path) => {
    const params: Record<string, string> = {}
    const candidates = walk(root, { segments: split(path), endsInSlash: endsInSlash(path) }, 0, params)
    const endpoint = candidates?.get(method)
    if (endpoint) return isOpen(endpoint) ? { endpoint, params } : undefined
    const open = [...(candidates?.values() ?? [])].filter(isOpen)
    return open.length > 0 ? { allow: open.map((candidate) => candidate.method) } : undefined
  }
}

/**
 * Returns the path of an endpoint below the route, with the values in `params` instead of its
 * parameters. The values must already be percent-encoded.
 */
export function pathOf(endpoint: Endpoint, params: Readonly<Record<string, string>>): string {
  return endpoint.path.replace(/(?<=\/):([^/:]+)/g, (whole, name: string) => params[name] ?? whole)
}

/**
 * Returns a key for the path of an endpoint. Two endpoint paths have the same key if a server could
 * read one as the other. For a request that matches both paths, the tree finds one endpoint or
 * none.
 */
export const keyOfPath = (path: string): string =>
  split(path)
    .map((segment) => (segment.startsWith(':') ? `:${folded(suffixOf(segment).suffix)}` : folded(decoded(segment))))
    .join('/')

/** Returns the segments of a path, without the empty segment after a slash at its end. */
function split(path: string): readonly string[] {
  const end = endsInSlash(path) ? path.length - 1 : path.length
  return end <= 1 ? [] : path.slice(1, end).split('/')
}

const endsInSlash = (path: string): boolean => path.length > 1 && path.endsWith('/')

function decoded(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/**
 * Splits the segment of a parameter: `:task:cancel` has the name `task` and the suffix `:cancel`.
 */
function suffixOf(segment: string): { readonly name: string; readonly suffix: string } {
  const [, name = '', verb] = segment.split(':')
  return { name, suffix: verb === undefined ? '' : `:${verb}` }
}

function descend(at: Node, segment: string): Node {
  if (segment.startsWith(':')) {
    const { name, suffix } = suffixOf(segment)
    const param = at.params.get(suffix) ?? { name, node: node() }
    at.params.set(suffix, param)
    if (suffix !== '') at.folded.add(folded(suffix))
    return param.node
  }
  const literal = decoded(segment)
  const next = at.children.get(literal) ?? node()
  at.children.set(literal, next)
  at.folded.add(folded(literal))
  return next
}

interface Path {
  readonly segments: readonly string[]
  readonly endsInSlash: boolean
}

function walk(
  at: Node,
  path: Path,
  index: number,
  params: Record<string, string>,
): ReadonlyMap<string, Endpoint> | undefined {
  const segment = path.segments[index]
  // An endpoint without a wildcard (`*`) ignores a slash at the end of the request's path. For a
  // wildcard, the slash counts as a path below the endpoint, which the wildcard matches.
  if (segment === undefined) return at.endpoints.size > 0 || !path.endsInSlash ? at.endpoints : at.below
  const text = decoded(segment)
  const literal = at.children.get(text)
  const found = literal && walk(literal, path, index + 1, params)
  if (found === NOTHING || found?.size) return found
  const colon = text.lastIndexOf(':')
  const verb = colon > 0 ? text.slice(colon) : ''
  // If this segment differs from a literal only in case, the server could read it as that literal,
  // but the gateway would match another endpoint.
  const isOtherCase = !literal && at.folded.size > 0 && at.folded.has(folded(text))
  if (isOtherCase || (verb !== '' && !at.params.has(verb) && at.folded.has(folded(verb)))) return NOTHING
  for (const suffix of verb === '' ? [''] : [verb, '']) {
    const param = at.params.get(suffix)
    const below = param && walk(param.node, path, index + 1, params)
    if (param && (below === NOTHING || below?.size)) {
      params[param.name] = withoutSuffix(segment, text, suffix)
      return below
    }
  }
  return at.below
}

/** The result for a path that no endpoint may match, not even a wildcard (`*`). */
const NOTHING: ReadonlyMap<string, Endpoint> = new Map()

/**
 * Returns the value of a parameter without its suffix, such as `:cancel`. The value stays as the
 * caller wrote it, unless the suffix was percent-encoded.
 */
const withoutSuffix = (segment: string, text: string, suffix: string): string =>
  segment.endsWith(suffix)
    ? segment.slice(0, segment.length - suffix.length)
    : encodeURIComponent(text.slice(0, text.length - suffix.length))
