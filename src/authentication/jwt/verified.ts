import type { JwsAlgorithm } from '../../jws'
import { sha256 } from '../../sha256'
import type { Principal } from '../principal'
import type { TrustedIssuer } from './trusted-issuer'

/** A token that was verified, with all that has to be looked at again. */
export interface Verified {
  readonly principal: Principal
  readonly alg: JwsAlgorithm
  readonly kid: string | undefined
  /** That verified it. An issuer that withdraws it takes back what it signed. */
  readonly key: CryptoKey
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** Verified tokens that are kept; the one that was used longest ago goes first. */
const MAX_TOKENS = 2_000

/**
 * Tokens whose signatures and claims were found good, under the SHA-256 of the whole token and the
 * issuer with all its settings: a token that differs in one bit, or is held against other settings,
 * is another one. Its text is not kept.
 *
 * Not looked at here: time, keys and policies. They are looked at on every request.
 */
export class VerifiedTokens {
  readonly #tokens = new Map<string, Verified>()
  readonly #issuers = new WeakMap<TrustedIssuer, number>()
  #issuerCount = 0

  /**
   * The name of a token, under which it is kept for any issuer: a character for each byte of its
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

  /** Settings are compiled once and never changed, so an issuer is its object. */
  #keyOf(issuer: TrustedIssuer, name: string): string {
    const number = this.#issuers.get(issuer) ?? ++this.#issuerCount
    this.#issuers.set(issuer, number)
    return `${number} ${name}`
  }
}
