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
   * Returns the address of the keys, where it is not below the issuer or discovery can be spared.
   */
  readonly jwksUri?: (issuer: string) => string
  readonly accessTokens?: TrustedIssuer['accessTokens']
  readonly rolesByTenant?: boolean
  /** Returns what `audience` must contain. */
  readonly audience?: (issuer: string) => string
  /** How its issuers are written; with others the preset cannot work. */
  readonly issuer?: {
    readonly form: RegExp
    /** Others work as well where the configuration says where the keys are. */
    readonly orKeys?: true
    readonly expected: string
    readonly remedy: string
  }
  /** The only algorithms that it signs with. */
  readonly algorithms?: Issuer['algorithms']
}

/** Where the field's common reading is, for a provider that nothing else is known of. */
export const commonClaims = {
  subject: 'sub',
  roles: 'roles',
  scopes: 'scope',
  tenant: 'tenant',
  email: 'email',
  name: 'name',
  client: 'client_id',
} as const satisfies Mapping
