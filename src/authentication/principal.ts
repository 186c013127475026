import type { Caller } from '../caller'

declare const verified: unique symbol

/**
 * The caller that a verified credential names. Only authenticators make one, with
 * `verifiedPrincipal`.
 */
export interface Principal extends Caller {
  readonly [verified]: true
  /** The kind of that credential. */
  readonly authenticator: 'jwt' | 'api-key'
  /** The id of an API key. */
  readonly key?: string
  /** The token's `iss`. It names one person only together with `subject`. */
  readonly issuer: string
  /**
   * The issuer that signed the person in; behind another gateway, the issuer whose token that
   * gateway verified.
   */
  readonly identityProvider: string
  readonly subject: string
  /** `subject` behind the issuer's `subjectPrefix`: the id that agents see. */
  readonly userId: string
  readonly email: string | undefined
  readonly name: string | undefined
  readonly client: string | undefined
  /**
   * Seconds since the epoch at which the credential ends; infinite for an API key that does not.
   */
  readonly expiresAt: number
}

/**
 * Marks a principal as verified. It checks nothing itself: an authenticator calls it once it has
 * verified the credential.
 */
export const verifiedPrincipal = (principal: Omit<Principal, typeof verified>): Principal => principal as Principal
