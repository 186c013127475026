import type { JwsAlgorithm } from '../../jws'
import { sha256 } from '../../sha256'
import type { Principal } from '../principal'
import type { TrustedIssuer } from './trusted-issuer'

/** A token that was verified, with all data that have to be checked again later. */
export interface Verified {
  readonly principal: Principal
  readonly alg: JwsAlgorithm
  readonly kid: string | undefined
  /** The key that verified it. If the issuer withdraws the key, the token is no longer accepted. */
  readonly key: CryptoKey
  /** When the token was verified, in milliseconds since the epoch. */
  readonly at: number
}

/** How many verified tokens are kept. The least recently used token is dropped first. */
const MAX_TOKENS = 2_000

/**
 * Tokens with a good signature and good claims. They are stored by the SHA-256 of the whole token
 * and by the issuer with all its settings. A token that differs in one bit, or is checked against
 * other settings, is another entry. The token's text is not kept.
 *
 * Expiry, keys and policies are not checked here. They are checked on every request.
 */
export class VerifiedTokens {
  readonly #tokens = new Map<string, Verified>()
  readonly #issuers = new WeakMap<TrustedIssuer, number>()
  #issuerCount = 0

  /**
   * Returns the name under which a token is kept for any issuer: a character for each byte of its
   * SHA-256.
   */
  async nameOf(token: string): Promise<string> {
    return String.fromCharCode(...(await sha256(token)))
  }

  get(issuer: TrustedIssuer, name: string): Verified | undefined {
    const key = this.#keyOf(issuer, name)
    const found = this.#tokens.get(key)
    if (!found) return undefined
    this.#tokens.delete(key)
    this.#tokens.set(key, found)
    return found
  }

  put(issuer: TrustedIssuer, name: string, verified: Verified): void {
    if (this.#tokens.size >= MAX_TOKENS) this.#tokens.delete(this.#tokens.keys().next().value ?? '')
    this.#tokens.set(this.#keyOf(issuer, name), verified)
  }

  /**
   * Settings are compiled once and never changed, so the object of the settings identifies the
   * issuer.
   */
  #keyOf(issuer: TrustedIssuer, name: string): string {
    const number = this.#issuers.get(issuer) ?? ++this.#issuerCount
    this.#issuers.set(issuer, number)
    return `${number} ${name}`
  }
}
