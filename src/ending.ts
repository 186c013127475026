import type { Background } from './ports'

/**
 * How a reply's body ended. `complete`: the agent finished it. `cut`: the connection to the agent
 * was lost. `stalled`: the agent was silent for too long. `unended`: the agent ended the stream of
 * a run before the run had ended. `expired`: the caller's token has expired. `revoked`: an operator
 * has ended the caller's access. `limit`: a limit of the route was reached. `client-left`: the
 * caller has gone.
 */
export type StreamOutcome = 'complete' | 'client-left' | BrokenOutcome
/** The outcomes that the caller is told about. */
export type BrokenOutcome = 'cut' | 'stalled' | 'unended' | 'expired' | 'revoked' | 'limit'

/**
 * A function that runs at the end of a request.
 * @param outcome how the reply's body ended; undefined if the gateway gave the answer itself
 */
type AtEnd = (outcome: StreamOutcome | undefined) => void | Promise<void>

/**
 * The end of one request. A request ends when the answer is complete or cut, when the caller has
 * left, or when the gateway has refused the request.
 */
export interface Ending {
  /**
   * Registers a function for the end of the request, such as one that releases memory. Each
   * function runs once, in the order in which it was registered.
   */
  onEnd(work: AtEnd): void
  /** Tells this object that the request has ended. Only the first call counts. */
  settle(outcome?: StreamOutcome): void
}

/**
 * Begins to wait for the end of a request.
 *
 * @param background keeps the Worker alive until the registered functions have run. Otherwise the
 *   platform would stop the Worker if the caller leaves before the reply
 */
export function createEnding(background: Background): Ending {
  const works: AtEnd[] = []
  const done = Promise.withResolvers<void>()
  let hasEnded = false
  background.waitUntil(done.promise)
  return {
    onEnd: (work) => works.push(work),
    settle(outcome) {
      if (hasEnded) return
      hasEnded = true
      const unfinished: Promise<void>[] = []
      for (const work of works) {
        // If one of the registered functions fails, the others still run.
        const rest = begun(work, outcome)
        if (rest) unfinished.push(rest)
      }
      if (unfinished.length === 0) done.resolve()
      else
        Promise.allSettled(unfinished).then((results) => {
          const failed = results.find((result) => result.status === 'rejected')
          if (failed) done.reject(failed.reason)
          else done.resolve()
        })
    },
  }
}

/**
 * Runs one of the registered functions. Most functions finish at once; a promise is returned only
 * for the others.
 */
function begun(work: AtEnd, outcome: StreamOutcome | undefined): Promise<void> | undefined {
  try {
    return work(outcome) ?? undefined
  } catch (thrown) {
    return Promise.reject(thrown)
  }
}
