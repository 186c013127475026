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
  readonly #tokens = new Map<string, readonly Entry[]>()
  #entries = 0
  #chars = 0

  /**
   * Returns the entries of a token, one for each issuer settings that it fulfils. Its text is
   * looked up once, no matter how many issuers a route trusts.
   */
  entriesOf(token: string): readonly Entry[] {
    const key = keyOf(token)
    const found = this.#tokens.get(key)
    if (!found) return []
    this.#tokens.delete(key)
    this.#tokens.set(key, found)
    return found
  }

  put(issuer: TrustedIssuer, token: string, verified: Verified): void {
    const key = keyOf(token)
    const others = this.#drop(key).filter((entry) => entry.issuer !== issuer)
    this.#tokens.set(key, [...others, { issuer, verified }])
    this.#count(key, others.length + 1)
    while (this.#entries > MAX_ENTRIES || this.#chars > MAX_CHARS) this.#drop(this.#tokens.keys().next().value ?? '')
  }

  /** Removes a token, and returns its entries. */
  #drop(key: string): readonly Entry[] {
    const dropped = this.#tokens.get(key)
    if (!dropped) return []
    this.#tokens.delete(key)
    this.#count(key, -dropped.length)
    return dropped
  }

  #count(key: string, entries: number): void {
    this.#entries += entries
    this.#chars += entries * key.length
  }
}

interface Entry {
  readonly issuer: TrustedIssuer
  readonly verified: Verified
}

/**
 * Returns the key of a token: a copy of its text. With the text itself, which is a part of the
 * request's header, a new token cost more.
 */
const keyOf = (token: string): string => ` ${token}`
