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

/**
 * How many entries are kept. An entry is one token that fulfils one issuer's settings. The least
 * recently used token is dropped first, with all its entries.
 */
const MAX_ENTRIES = 2_000
/**
 * How many characters the tokens of all entries may have together. An entry also keeps the parsed
 * claims, which take up to ten times the memory of their text.
 */
const MAX_CHARS = 2 * 1024 * 1024

/**
 * Tokens with a good signature and good claims. They are stored by the whole token and by the
 * issuer with all its settings. A token that differs in one character, or is checked against other
 * settings, is another entry. Settings are compiled once and never changed, so the object of the
 * settings identifies the issuer.
 *
 * The text of a token serves as its key, and not a digest of it, which would cost about four
 * percent of each request. A digest would protect little, because the memory of an isolate also
 * contains the gateway's secrets and the tokens of requests in progress.
 *
 * Expiry, keys and policies are not checked here. They are checked on every request.
 */
export class VerifiedTokens {
  readonly #tokens = new Map<string, Map<TrustedIssuer, Verified>>()
  #entries = 0
  #chars = 0

  /**
   * Returns the entries of a token, by issuer. Its text is looked up once, no matter how many
   * issuers a route trusts.
   */
  entriesOf(token: string): ReadonlyMap<TrustedIssuer, Verified> | undefined {
    const found = this.#tokens.get(token)
    if (!found) return undefined
    this.#tokens.delete(token)
    this.#tokens.set(token, found)
    return found
  }

  put(issuer: TrustedIssuer, token: string, verified: Verified): void {
    const entries = this.#tokens.get(token) ?? new Map<TrustedIssuer, Verified>()
    this.#count(token, entries, -1)
    entries.set(issuer, verified)
    this.#count(token, entries, 1)
    this.#tokens.delete(token)
    this.#tokens.set(token, entries)
    for (const [oldest, dropped] of this.#tokens) {
      if (this.#entries <= MAX_ENTRIES && this.#chars <= MAX_CHARS) return
      this.#tokens.delete(oldest)
      this.#count(oldest, dropped, -1)
    }
  }

  #count(token: string, { size }: ReadonlyMap<TrustedIssuer, Verified>, sign: 1 | -1): void {
    this.#entries += sign * size
    this.#chars += sign * size * token.length
  }
}
