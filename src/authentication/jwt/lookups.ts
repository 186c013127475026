import { elapsed } from '../../elapsed'

/** The most fetches in a short time. One more is allowed after each EARNED_IN_MS milliseconds. */
const MOST = 3
const EARNED_IN_MS = 10_000
/** How long a key that was not found counts as missing. */
const MISSING_MS = 30_000
const MOST_MISSING = 1000

/**
 * A limit on fetches for keys that the cached set does not have. Anyone can make up a key id, so
 * only a few fetches are allowed. There is more than one, so that a stranger cannot use up the
 * fetch that all others need after a rotation. The ids of keys that were not found are remembered.
 * A token with such an id is refused even if no fetch is left, and its caller is not told to try
 * again.
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
   * Uses up one fetch.
   * @param now milliseconds since the epoch
   * @returns undefined if a fetch was left, otherwise the milliseconds until there is one
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
