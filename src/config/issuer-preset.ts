import type { TrustedIssuer } from '../authentication/jwt/trusted-issuer'
import type { Issuer } from './issuer-schema'

type Mapping = NonNullable<Issuer['claims']>

/** The settings that are the same for every customer of a provider. */
export interface IssuerPreset {
  readonly claims: Mapping
  readonly tokenType?: NonNullable<Issuer['tokenType']>
  readonly audienceFrom?: NonNullable<Issuer['audienceFrom']>
  readonly maxLifetimeSeconds?: number
  /**
   * Returns the address of the keys, where it is not below the issuer or where discovery is not
   * needed.
   */
  readonly jwksUri?: (issuer: string) => string
  readonly accessTokens?: TrustedIssuer['accessTokens']
  readonly rolesByTenant?: boolean
  /** Returns what `audience` must contain. */
  readonly audience?: (issuer: string) => string
  /** The form of its issuers. With other issuers the preset cannot work. */
  readonly issuer?: {
    readonly form: RegExp
    /** Other issuers work as well where `jwksUri` is set. */
    readonly orKeys?: true
    readonly expected: string
    readonly remedy: string
  }
  /** The only algorithms that it signs with. */
  readonly algorithms?: Issuer['algorithms']
}

/** The usual claim of each field, unless a preset or the configuration names another. */
export const commonClaims = {
  subject: 'sub',
  roles: 'roles',
  scopes: 'scope',
  tenant: 'tenant',
  email: 'email',
  name: 'name',
  client: 'client_id',
} as const satisfies Mapping
