import type { Target } from './target'

/**
 * Finds the route for a request's path. The path of the route is the whole request path, or a
 * prefix of it that ends at a segment. Routes do not overlap (the loader checks that), so at most
 * one route matches. The cost grows with the length of the path, not with the number of routes.
 */
export function match<R>(routes: ReadonlyMap<string, R>, { path }: Target): { route: R; rest: string } | undefined {
  for (let end = path.indexOf('/', 1); ; end = path.indexOf('/', end + 1)) {
    const prefix = end === -1 ? path : path.slice(0, end)
    const route = routes.get(prefix)
    if (route) return { route, rest: path.slice(prefix.length) }
    if (end === -1) break
  }
  const whole = routes.get('/')
  return whole && { route: whole, rest: path }
}
