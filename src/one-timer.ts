import type { After, Ports } from './ports'

interface Waiting {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly work: () => void
}

/**
 * Lets all waits within one request share one timer of the platform, which costs as much as a tenth
 * of a request. The body, the first byte and the end of the answer are waited for in turn, and
 * these waits almost never run out. A later wait needs no timer of its own: the timer that is set
 * looks again when it fires.
 */
export function oneTimer({ after, now }: Pick<Ports, 'after' | 'now'>): After {
  const waiting = new Set<Waiting>()
  let setFor = Number.POSITIVE_INFINITY
  /**
   * The due time of the work that is being done. Waits that it begins count from there, however
   * late it is.
   */
  let doing: number | undefined

  const earliest = (): Waiting | undefined => {
    let first: Waiting | undefined
    for (const each of waiting) if (!first || each.at < first.at) first = each
    return first
  }
  const set = (at: number): void => {
    setFor = at
    after(Math.max(0, at - now()), fire)
  }
  /** Does one piece of work, so that code that it wakes can run before the next piece. */
  const fire = (): void => {
    setFor = Number.POSITIVE_INFINITY
    const due = earliest()
    if (due && due.at <= now()) {
      waiting.delete(due)
      doing = due.at
      try {
        due.work()
      } finally {
        doing = undefined
      }
    }
    const next = earliest()
    if (next && next.at < setFor) set(next.at)
  }

  return (milliseconds, work) => {
    const entry = { at: (doing ?? now()) + milliseconds, work }
    waiting.add(entry)
    // Waits that are added during such work are looked at when the work is done.
    if (doing === undefined && entry.at < setFor) set(entry.at)
    return () => {
      waiting.delete(entry)
    }
  }
}
