import type { Principal } from './authentication/principal'
import type { Limits } from './config/limits'
import { Refusal } from './errors/refusal'
import type { Ending, EndTime } from './origin/stream-end'
import type { After, Background } from './ports'

type TimeLimits = Pick<Limits, 'runSeconds' | 'streamSeconds' | 'expiryGraceSeconds' | 'endRunsAtExpiry'>

/**
 * Returns the time at which the gateway has to end a reply (invariant 15 in ARCHITECTURE.md). A
 * stream that only listens ends shortly after the caller's token expires. A run that began before
 * the token expired may finish. If the gateway ended its stream, clients would cancel the run, and
 * some tokens are valid for one minute only. No reply takes longer than `streamSeconds`, so that a
 * reply ends even if the gateway did not notice that the caller has gone.
 *
 * @param principal absent on public routes, where only `streamSeconds` counts
 * @param startedAt when the request came, in milliseconds since the epoch
 */
export function endTimeOf(
  principal: Pick<Principal, 'expiresAt'> | undefined,
  isListening: boolean,
  limits: TimeLimits,
  startedAt: number,
): EndTime {
  const most: EndTime = { at: startedAt + limits.streamSeconds * 1000, outcome: 'limit' }
  if (!principal) return most
  const expired: EndTime = { at: (principal.expiresAt + limits.expiryGraceSeconds) * 1000, outcome: 'expired' }
  const run: EndTime = { at: startedAt + limits.runSeconds * 1000, outcome: 'limit' }
  const mayFinish = !isListening && !limits.endRunsAtExpiry && run.at > expired.at
  const end = mayFinish ? run : expired
  return end.at < most.at ? end : most
}

/**
 * Checks repeatedly during a request whether the caller still has access. Calls `work` once if the
 * caller has lost access.
 * @returns a function that stops the check
 */
export type Watch = (work: (why: Refusal) => void) => () => void

/**
 * Runs `work`, which sends a request to the agent and takes the agent's answer. If the caller loses
 * access meanwhile, the caller's request is refused. A stream that has begun is not refused: its
 * `Ending` ends it.
 * @param stop aborts the request to the agent
 */
export function stoppable<Result>(
  stop: AbortController | undefined,
  watch: Watch | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!stop || !watch) return work()
  const unwatch = watch((why) => stop.abort(why))
  return work()
    .catch((thrown: unknown) => {
      throw stop.signal.reason instanceof Refusal ? stop.signal.reason : thrown
    })
    .finally(unwatch)
}

/**
 * Returns the object that ends a reply when its time is over or the caller's access is revoked. The
 * code that passes the reply on uses this object.
 * @param watch calls its callback once if the caller's access is revoked; absent if the gateway has
 *   no revocation list
 */
export const endingOf = (
  { at, outcome }: EndTime,
  { after, now }: { readonly after: After; readonly now: () => number },
  watch?: Watch,
): Ending => {
  const afterMs = Math.max(0, at - now())
  return {
    afterMs,
    onEnd(work) {
      const cancelTime = after(afterMs, () => work(outcome))
      const cancelWatch = watch?.(() => work('revoked'))
      return () => {
        cancelTime()
        cancelWatch?.()
      }
    },
  }
}

/**
 * Ends a WebSocket when its time is over. Aborting the request to the agent closes the socket on
 * both sides (code 1006).
 * @param signal aborted when the caller leaves
 */
export function endSocket(request: AbortController, end: Ending, signal: AbortSignal, background: Background): void {
  // This promise keeps the timer alive. Otherwise the timer would stop when the handler returns,
  // while the socket is still open.
  const ended = new Promise<void>((resolve) => {
    const cancel = end.onEnd(() => {
      request.abort()
      settle()
    })
    const settle = (): void => {
      cancel()
      resolve()
    }
    signal.addEventListener('abort', settle, { once: true })
  })
  background.waitUntil(ended)
}
