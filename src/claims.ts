/** The claims of a token, as parsed from its JSON. */
export type Claims = Readonly<Record<string, unknown>>

/**
 * The place of a claim in a token. A string is a path whose steps are separated by dots. At each
 * step the longest name is tried first, so that names with dots, such as
 * `https://example.com/roles` or `kubernetes.io`, are found. A list holds the exact name of each
 * step.
 */
export type ClaimPath = string | readonly string[]

/** Returns the claim at a path; undefined if there is none. */
export function claimAt(claims: Claims, path: ClaimPath): unknown {
  if (typeof path === 'string') return Object.hasOwn(claims, path) ? claims[path] : found(claims, path.split('.'))
  return path.reduce<unknown>((at, name) => (has(at, name) ? at[name] : undefined), claims)
}

/**
 * Returns the value at a path.
 * @param steps the remaining steps of the path. Several steps together may be one name that
 *   contains dots
 */
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

/** The possible places of one claim. The first place with a value that is not empty is used. */
export type ClaimSources = readonly ClaimPath[]

export function firstClaim(claims: Claims, sources: ClaimSources): unknown {
  for (const path of sources) {
    const value = claimAt(claims, path)
    if (value !== undefined && value !== null && value !== '') return value
  }
  return undefined
}

export const showPath = (path: ClaimPath): string => (typeof path === 'string' ? path : path.join(' › '))
