import type { After, Ports } from './ports'

interface Waiting {
  /** The due time, in milliseconds since the epoch. */
  readonly at: number
  readonly work: () => void
}

/**
 * Makes all waits within one request share one timer of the platform, because a timer costs up to a
 * tenth of a request. The gateway waits for the body, the first byte and the end of the answer one
 * after another, and these waits almost never run out. A later wait needs no timer of its own: when
 * the timer fires, it is set again for that wait.
 */
export function oneTimer({ after, now }: Pick<Ports, 'after' | 'now'>): After {
  const waiting = new Set<Waiting>()
  let setFor = Number.POSITIVE_INFINITY
  /**
   * The time at which the running function was due. Waits that this function begins are counted
   * from that time, even if the function runs late.
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
  /**
   * Runs only one function that is due, so that code which waits for this function can run before
   * the next function.
   */
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
    // Waits that are added while a function runs are looked at when it has returned.
    if (doing === undefined && entry.at < setFor) set(entry.at)
    return () => {
      waiting.delete(entry)
    }
  }
}
