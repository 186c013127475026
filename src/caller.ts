export type Claims = Readonly<Record<string, unknown>>

/**
 * The members of a caller that policies look at. Their examples make one from data; a request gets
 * one only as a `Principal`.
 */
export interface Caller {
  readonly kind: 'user' | 'service'
  /** Id of the issuer in policies/. */
  readonly issuerId: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly tenant: string | undefined
  readonly claims: Claims
}

/** The claim of exactly that name, or the one that a dotted path leads to. Names such as `https://example.com/roles` have dots too. */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  let at: unknown = claims
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined
    at = (at as Claims)[step]
  }
  return at
}
