import type { Claims } from './claims'

/**
 * The members of a caller that policies read. Examples of policies build a caller from data; in a
 * request, a caller is always a `Principal`.
 */
export interface Caller {
  readonly kind: 'user' | 'service'
  /** Id of the issuer in policies/. */
  readonly issuerId: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly tenant: string | undefined
  readonly claims: Claims
  /**
   * The operations that the caller's credential is limited to. Default: all that policies allow.
   */
  readonly operations?: readonly string[]
}
