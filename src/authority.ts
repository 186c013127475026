import type { Principal } from './authentication/principal'
import type { Limits } from './config/limits'
import { Refusal } from './errors/refusal'
import type { Ending, EndTime } from './origin/stream-end'
import type { After, Background } from './ports'

type TimeLimits = Pick<Limits, 'runSeconds' | 'streamSeconds' | 'expiryGraceSeconds' | 'endRunsAtExpiry'>

/**
 * The time at which a reply has to end (invariant 15). A stream that only listens ends with its
 * caller's token, after a grace. A run that was admitted in time may finish: clients cancel runs
 * whose stream is cut, and some tokens live for a minute. No reply takes longer than
 * `streamSeconds`, so that a caller who left without a word is let go.
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
 * Looks whether the caller may go on, and calls its work once if not.
 * @returns a function that stops it
 */
export type Watch = (work: (why: Refusal) => void) => () => void

/**
 * Does the part of a request in which an agent is asked and its answer taken in, and refuses it
 * where the caller may not go on meanwhile. Streams that have begun have an ending of their own.
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
 * The end of a reply, as what passes it on sees it.
 * @param watch looks whether the caller is revoked, and calls its work once if so; absent where
 *   nobody can be
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
 * Aborts the request of a WebSocket at its end, which ends it on both sides (code 1006).
 * @param signal aborted when the caller leaves
 */
export function endSocket(request: AbortController, end: Ending, signal: AbortSignal, background: Background): void {
  // Without this the timer would end with the handler, and before the socket.
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
