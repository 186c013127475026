import type { ClaimSources } from '../../claims'
import type { JwsAlgorithm } from '../../jws'

/** Fields of a principal that each issuer may put into a claim of its own choice. */
export type ClaimField = 'subject' | 'roles' | 'scopes' | 'tenant' | 'email' | 'name' | 'client'

/**
 * An identity provider, in the form that verification needs: addresses are resolved and defaults
 * are filled in. config/compile-issuer.ts builds it.
 */
export interface TrustedIssuer {
  readonly id: string
  readonly issuer: string
  readonly audience: readonly string[]
  /**
   * For access tokens without `aud`: the claim that must be one of `audience`, and the claims that
   * show that it is an access token.
   */
  readonly audienceFrom: { readonly claim: string; readonly where: Readonly<Record<string, string | true>> } | undefined
  readonly algorithms: readonly JwsAlgorithm[]
  /** The address of the keys. Absent: OpenID Connect Discovery finds it. */
  readonly jwksUri?: string
  readonly claims: Readonly<Record<ClaimField, ClaimSources>>
  /** The separator of several roles in one text. Absent: a text is one role. */
  readonly roleSeparator: string | undefined
  /** The roles that are read; a `*` at the end stands for any ending. Absent: all. */
  readonly keepRoles: readonly string[] | undefined
  /**
   * Whether the claim of roles is an object, with roles as member names. Each member lists the
   * tenants in which the user has the role. Then only roles in the user's own tenant count.
   */
  readonly rolesByTenant: boolean
  /** The preset of the identity provider, if it is known. */
  readonly preset: string | undefined
  /** `services`: every caller of this issuer is a machine. */
  readonly callers: 'services' | undefined
  readonly tokenType: 'access-token' | 'at+jwt' | 'id-token'
  /**
   * How access tokens differ from ID tokens. `signs`: claims of which access tokens have at least
   * one, and ID tokens none. `haveNonce`: access tokens may have the sign-in's `nonce`, and nothing
   * else that shows their kind.
   */
  readonly accessTokens: { readonly signs?: readonly string[]; readonly haveNonce?: boolean }
  readonly requiredClaims: readonly string[]
  readonly maxLifetimeSeconds: number
  readonly clockSkewSeconds: number
  readonly subjectPrefix: string
  /**
   * Whether the issuer is this gateway itself. Then the gateway need not fetch keys, and trusts all
   * claims about the caller.
   */
  readonly isGateway: boolean
}
