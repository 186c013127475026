import type { JwsAlgorithm } from '../../jws'
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
/** How many characters all kept tokens may have together. */
const MAX_CHARS = 8 * 1024 * 1024

/**
 * Tokens with a good signature and good claims. They are stored by the whole token and by the
 * issuer with all its settings. A token that differs in one character, or is checked against other
 * settings, is another entry.
 *
 * The text of a token serves as its key, and not a digest of it. A digest would cost about four
 * percent of each request. It would protect little: the memory of an isolate also contains the
 * signing keys.
 *
 * Expiry, keys and policies are not checked here. They are checked on every request.
 */
export class VerifiedTokens {
  readonly #tokens = new Map<string, Verified>()
  readonly #issuers = new WeakMap<TrustedIssuer, number>()
  #issuerCount = 0
  #chars = 0

  get(issuer: TrustedIssuer, token: string): Verified | undefined {
    const key = this.#keyOf(issuer, token)
    const found = this.#tokens.get(key)
    if (!found) return undefined
    this.#tokens.delete(key)
    this.#tokens.set(key, found)
    return found
  }

  put(issuer: TrustedIssuer, token: string, verified: Verified): void {
    const key = this.#keyOf(issuer, token)
    if (!this.#tokens.has(key)) this.#chars += key.length
    this.#tokens.set(key, verified)
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= MAX_TOKENS && this.#chars <= MAX_CHARS) return
      this.#tokens.delete(oldest)
      this.#chars -= oldest.length
    }
  }

  /**
   * Settings are compiled once and never changed, so the object of the settings identifies the
   * issuer.
   */
  #keyOf(issuer: TrustedIssuer, token: string): string {
    const number = this.#issuers.get(issuer) ?? ++this.#issuerCount
    this.#issuers.set(issuer, number)
    return `${number} ${token}`
  }
}
