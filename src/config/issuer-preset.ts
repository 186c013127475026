import type { TrustedIssuer } from '../authentication/jwt/trusted-issuer'
import type { Issuer } from './issuer-schema'

type Mapping = NonNullable<Issuer['claims']>

/** The settings of an issuer that are the same for every customer of an identity provider. */
export interface IssuerPreset {
  readonly claims: Mapping
  readonly tokenType?: NonNullable<Issuer['tokenType']>
  readonly audienceFrom?: NonNullable<Issuer['audienceFrom']>
  readonly maxLifetimeSeconds?: number
  /** Returns the address of the provider's keys. Absent: discovery finds the keys. */
  readonly jwksUri?: (issuer: string) => string
  readonly accessTokens?: TrustedIssuer['accessTokens']
  readonly rolesByTenant?: boolean
  /** Returns the value that `audience` must contain. */
  readonly audience?: (issuer: string) => string
  /**
   * The form that the provider's `iss` has. The preset cannot work for an `iss` of another form.
   */
  readonly issuer?: {
    readonly form: RegExp
    /** Set if an `iss` of another form works too, provided that `jwksUri` is configured. */
    readonly orKeys?: true
    readonly expected: string
    readonly remedy: string
  }
  /** The form that the audience of a token has; at least one of `audience` must have it. */
  readonly audienceForm?: (issuer: string) => { readonly form: RegExp; readonly expected: string } | undefined
  /** Set if no token of the provider has the type `at+jwt` in its header. */
  readonly isNeverAtJwt?: true
  /** The only algorithms with which the provider signs tokens. */
  readonly algorithms?: Issuer['algorithms']
}

/** The claim from which each field is read, unless a preset or the configuration names another. */
export const commonClaims = {
  subject: 'sub',
  roles: 'roles',
  scopes: 'scope',
  tenant: 'tenant',
  email: 'email',
  name: 'name',
  client: 'client_id',
} as const satisfies Mapping
