/** The claims of a token, as the JSON says. */
export type Claims = Readonly<Record<string, unknown>>

/**
 * Where a claim is: a path with dots, in which the longest name that is there counts at each step,
 * so that names such as `https://example.com/roles` or `kubernetes.io` are found; or the list of
 * names to the letter.
 */
export type ClaimPath = string | readonly string[]

/** The claim at a path; undefined where there is none. */
export function claimAt(claims: Claims, path: ClaimPath): unknown {
  if (typeof path === 'string') return Object.hasOwn(claims, path) ? claims[path] : found(claims, path.split('.'))
  return path.reduce<unknown>((at, name) => (has(at, name) ? at[name] : undefined), claims)
}

/** @param steps the path from here, of which several together may be one name */
function found(at: unknown, steps: readonly string[]): unknown {
  for (let count = steps.length; count > 0; count--) {
    const name = steps.slice(0, count).join('.')
    if (!has(at, name)) continue
    const value = count === steps.length ? at[name] : found(at[name], steps.slice(count))
    if (value !== undefined) return value
  }
  return undefined
}

const has = (value: unknown, name: string): value is Claims =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)

/** A claim that may be in several places: the first that is there and says something. */
export type ClaimSources = readonly ClaimPath[]

export function firstClaim(claims: Claims, sources: ClaimSources): unknown {
  for (const path of sources) {
    const value = claimAt(claims, path)
    if (value !== undefined && value !== null && value !== '') return value
  }
  return undefined
}

export const showPath = (path: ClaimPath): string => (typeof path === 'string' ? path : path.join(' › '))
