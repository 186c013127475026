import type { Caller } from '../caller'

declare const verified: unique symbol

/**
 * The caller that a verified credential names. Only authenticators make a principal, with
 * `verifiedPrincipal`.
 */
export interface Principal extends Caller {
  readonly [verified]: true
  /** The kind of the verified credential. */
  readonly authenticator: 'jwt' | 'api-key'
  /** The id of an API key. */
  readonly key?: string
  /** The token's `iss`. Only `issuer` and `subject` together name one caller. */
  readonly issuer: string
  /**
   * The issuer that signed the person in. If the request comes through another Sallyport gateway,
   * this is the issuer of the token that the other gateway verified.
   */
  readonly identityProvider: string
  readonly subject: string
  /** The issuer's `subjectPrefix` and then `subject`: the id that agents see. */
  readonly userId: string
  readonly email: string | undefined
  readonly name: string | undefined
  readonly client: string | undefined
  /**
   * Seconds since the epoch at which the credential expires; infinite for an API key that does not.
   */
  readonly expiresAt: number
}

/**
 * Marks a principal as verified. It checks nothing itself: an authenticator calls it after it has
 * verified the credential.
 */
export const verifiedPrincipal = (principal: Omit<Principal, typeof verified>): Principal => principal as Principal
