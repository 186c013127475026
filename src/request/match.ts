import type { Target } from './target'

/**
 * The route whose path is the target's, or a prefix of it that ends where a segment ends, and what
 * is left below it. Routes do not overlap (the loader sees to that), so there is at most one; the
 * cost grows with the path, not with the routes.
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
