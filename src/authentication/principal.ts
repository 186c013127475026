import type { Caller } from '../caller'

declare const verified: unique symbol

/** Who is asking, as a verified credential says. Only authenticators make one, with `verifiedPrincipal`. */
export interface Principal extends Caller {
  readonly [verified]: true
  /** The token's `iss`. Only together with `subject` does it name one person. */
  readonly issuer: string
  /** Who vouches for the person: the issuer, or whom a gate that signed the token had it from. */
  readonly identityProvider: string
  readonly subject: string
  /** `subject` behind the issuer's `subjectPrefix`: the id that agents see. */
  readonly userId: string
  readonly email: string | undefined
  readonly name: string | undefined
  readonly client: string | undefined
  /** Seconds since the epoch at which the token ends. */
  readonly expiresAt: number
}

/** Marks a principal as verified. It checks nothing itself: an authenticator calls it once it has verified the credential. */
export const verifiedPrincipal = (principal: Omit<Principal, typeof verified>): Principal => principal as Principal
