/** An identity provider as verification needs it: addresses resolved, defaults filled in. Built by config/compile-issuer.ts. */
export interface TrustedIssuer {
  readonly id: string
  readonly issuer: string
  readonly audience: readonly string[]
  readonly algorithms: readonly string[]
  /** Where the keys are; without it, OpenID Connect Discovery. */
  readonly jwksUri?: string
  readonly claims: Readonly<Record<'roles' | 'scopes' | 'tenant' | 'email' | 'name' | 'client', string>>
  /** The separator of several roles in one text. Absent: a text is one role. */
  readonly roleSeparator: string | undefined
  /** The provider that it is known to be. */
  readonly preset: string | undefined
  readonly tokenType: 'access-token' | 'at+jwt' | 'id-token'
  readonly requiredClaims: readonly string[]
  readonly maxLifetimeSeconds: number
  readonly clockSkewSeconds: number
  readonly subjectPrefix: string
  /** This gateway itself: its keys are at hand, and its word on who calls is taken. */
  readonly isGateway: boolean
}
