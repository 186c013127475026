import { elapsed } from '../../elapsed'

/** How many fetches may be made at once, and in how many milliseconds one more is earned. */
const MOST = 3
const EARNED_IN_MS = 10_000
/** How long a key that was not found counts as missing. */
const MISSING_MS = 30_000
const MOST_MISSING = 1000

/**
 * A limit on lookups of keys that a set does not have. Anyone can make up a key id, so lookups are
 * few. There is more than one, so that one stranger cannot keep the new keys of a rotation from all
 * others. A key that was not found is remembered by its id. When no lookup is left, a token whose
 * key was withdrawn is then refused, and not told to wait.
 */
export class Lookups {
  #left = MOST
  #countedAt = 0
  /** When each missing key was looked up. */
  readonly #missing = new Map<string, number>()

  isMissing(key: string, now: number): boolean {
    const lookedUpAt = this.#missing.get(key)
    return lookedUpAt !== undefined && elapsed(lookedUpAt, now) < MISSING_MS
  }

  noteMissing(key: string, now: number): void {
    if (this.#missing.size >= MOST_MISSING) this.#missing.clear()
    this.#missing.set(key, now)
  }

  /**
   * Takes one lookup.
   * @param now milliseconds since the epoch
   * @returns undefined where a lookup was left, otherwise the milliseconds until there is one
   */
  take(now: number): number | undefined {
    const earned = Math.floor(elapsed(this.#countedAt, now) / EARNED_IN_MS)
    if (this.#left + earned >= MOST) {
      this.#left = MOST
      this.#countedAt = now
    } else {
      this.#left += earned
      this.#countedAt += earned * EARNED_IN_MS
    }
    if (this.#left === 0) return this.#countedAt + EARNED_IN_MS - now
    this.#left--
    return undefined
  }
}
