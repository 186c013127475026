import type { Endpoint } from './endpoints'

interface Node {
  readonly children: Map<string, Node>
  /** By what stands behind the parameter within its segment: `:cancel` in `/tasks/:task:cancel`, mostly nothing. */
  readonly params: Map<string, { readonly name: string; readonly node: Node }>
  readonly endpoints: Map<string, Endpoint>
  readonly below: Map<string, Endpoint>
}

export type Found =
  | { readonly endpoint: Endpoint; readonly params: Readonly<Record<string, string>> }
  | { readonly allow: readonly string[] }

/** Finds the endpoint of a method and a canonical path below the route; `allow` where only the method is wrong. */
export type Finder = (method: string, path: string) => Found | undefined

const node = (): Node => ({ children: new Map(), params: new Map(), endpoints: new Map(), below: new Map() })

/**
 * Lays endpoints out as a tree of path segments, once per route, so that finding one costs the length of the path and not
 * the number of endpoints. A literal segment wins over a parameter, and either over `*`; an endpoint that is not open still
 * keeps its place, so that what a wider one covers does not grow when it is closed.
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
    const candidates = walk(root, split(path), 0, params)
    const endpoint = candidates?.get(method)
    if (endpoint) return isOpen(endpoint) ? { endpoint, params } : undefined
    const open = [...(candidates?.values() ?? [])].filter(isOpen)
    return open.length > 0 ? { allow: open.map((candidate) => candidate.method) } : undefined
  }
}

/** The path below the route that an endpoint has with these parameters, which are percent-encoded already. */
export function pathOf(endpoint: Endpoint, params: Readonly<Record<string, string>>): string {
  return endpoint.path.replace(/(?<=\/):([^/:]+)/g, (whole, name: string) => params[name] ?? whole)
}

const split = (path: string): string[] => (path === '' || path === '/' ? [] : path.slice(1).split('/'))

function descend(at: Node, segment: string): Node {
  if (segment.startsWith(':')) {
    const [, name = '', verb] = segment.split(':')
    const suffix = verb === undefined ? '' : `:${verb}`
    const param = at.params.get(suffix) ?? { name, node: node() }
    at.params.set(suffix, param)
    return param.node
  }
  const next = at.children.get(segment) ?? node()
  at.children.set(segment, next)
  return next
}

function walk(
  at: Node,
  segments: readonly string[],
  index: number,
  params: Record<string, string>,
): Map<string, Endpoint> | undefined {
  const segment = segments[index]
  if (segment === undefined) return at.endpoints
  const literal = at.children.get(segment)
  const found = literal && walk(literal, segments, index + 1, params)
  if (found?.size) return found
  const colon = segment.lastIndexOf(':')
  for (const suffix of colon > 0 ? [segment.slice(colon), ''] : ['']) {
    const param = segment === '' ? undefined : at.params.get(suffix)
    const below = param && walk(param.node, segments, index + 1, params)
    if (param && below?.size) {
      params[param.name] = segment.slice(0, segment.length - suffix.length)
      return below
    }
  }
  return at.below
}
