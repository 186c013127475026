import type { Claims } from '../../claims'
import type { TokenReason } from '../../errors/reasons'
import type { TrustedIssuer } from './trusted-issuer'

/**
 * One check of a token against the settings of its issuer. `verify` and `explainToken` use the same
 * checks, so that they give the same results.
 *
 * @typeParam Part the token's header or its claims
 */
export interface Check {
  /** The header member or claim that is checked. */
  readonly on: string
  /** The setting of the issuer that the check depends on. */
  readonly setting?: string
  /** @param now seconds since the epoch */
  fault(part: Claims, issuer: TrustedIssuer, now: number): TokenReason | 'expired' | undefined
  found(part: Claims, issuer: TrustedIssuer): unknown
  expected(issuer: TrustedIssuer, now: number): string
}

/** Returns the texts as one expectation, such as "one of RS256, ES256". */
export const list = (values: readonly string[]): string =>
  values.length === 1 ? `${values[0]}` : `one of ${values.join(', ')}`
