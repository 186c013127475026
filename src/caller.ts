import type { Claims } from './claims'

/**
 * The members of a caller that policies read. In a request, the caller is always a verified
 * `Principal`. The examples in policy files, which run as tests, build a caller from data.
 */
export interface Caller {
  readonly kind: 'user' | 'service'
  /** The id by which policies name the issuer, not its `iss`. */
  readonly issuerId: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly tenant: string | undefined
  readonly claims: Claims
  /**
   * The operations to which the caller's credential is limited. If absent, the credential permits
   * every operation that the policies allow.
   */
  readonly operations?: readonly string[]
}
