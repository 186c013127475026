import { elapsed } from '../../elapsed'

/**
 * So many fetches may follow one another at once, and one more is earned in so many milliseconds.
 */
const MOST = 3
const EARNED_IN_MS = 10_000
/** How long a key that was looked up in vain counts as missing. */
const MISSING_MS = 30_000
const MOST_MISSING = 1000

/**
 * Looking up keys that a set does not have. Anybody can make up a key id, so lookups are few; but
 * one stranger who does may not keep the keys of a rotation from everybody else, so there is more
 * than one. A key that was looked up in vain is remembered by its own id, for the time when there
 * is no lookup left: a token whose key was withdrawn is then refused, and not told to wait.
 */
export class Lookups {
  #left = MOST
  #countedAt = 0
  /** When each was looked up. */
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
   * @returns undefined where there was one, otherwise the milliseconds until there is
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
