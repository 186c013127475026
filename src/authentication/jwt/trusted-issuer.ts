import type { ClaimSources } from '../../claims'
import type { JwsAlgorithm } from '../../jws'

/** Fields of a principal that an issuer may have anywhere in its tokens. */
export type ClaimField = 'subject' | 'roles' | 'scopes' | 'tenant' | 'email' | 'name' | 'client'

/**
 * An identity provider as verification needs it: addresses resolved, defaults filled in. Built by
 * config/compile-issuer.ts.
 */
export interface TrustedIssuer {
  readonly id: string
  readonly issuer: string
  readonly audience: readonly string[]
  /**
   * For access tokens without `aud`: the claim that must be one of `audience`, and the claims that
   * mark an access token.
   */
  readonly audienceFrom: { readonly claim: string; readonly where: Readonly<Record<string, string | true>> } | undefined
  readonly algorithms: readonly JwsAlgorithm[]
  /** Where the keys are; without it, OpenID Connect Discovery. */
  readonly jwksUri?: string
  readonly claims: Readonly<Record<ClaimField, ClaimSources>>
  /** The separator of several roles in one text. Absent: a text is one role. */
  readonly roleSeparator: string | undefined
  /** The roles that are read at all, `*` at the end for any rest. Absent: all. */
  readonly keepRoles: readonly string[] | undefined
  /**
   * Whether roles are names of members that say in which tenants somebody has them: then those of
   * the person's own count.
   */
  readonly rolesByTenant: boolean
  /** The provider that it is known to be. */
  readonly preset: string | undefined
  /** `services`: whoever it vouches for is a machine. */
  readonly callers: 'services' | undefined
  readonly tokenType: 'access-token' | 'at+jwt' | 'id-token'
  /**
   * How its access tokens differ from its ID tokens: claims of which they have at least one, and ID
   * tokens none; and whether they have the sign-in's `nonce`, though nothing else marks them.
   */
  readonly accessTokens: { readonly signs?: readonly string[]; readonly haveNonce?: boolean }
  readonly requiredClaims: readonly string[]
  readonly maxLifetimeSeconds: number
  readonly clockSkewSeconds: number
  readonly subjectPrefix: string
  /** This gateway itself: its keys are at hand, and its word on who calls is taken. */
  readonly isGateway: boolean
}
