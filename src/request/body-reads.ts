import type { Watch } from '../bytes'
import { Refusal } from '../errors/refusal'
import type { After, Ports } from '../ports'

/** How long the gateway waits for the first bytes of a body. */
const FIRST_MS = 20_000
/** The least speed at which the bytes of a body have to arrive after `FIRST_MS`. */
const LEAST_BYTES_PER_SECOND = 8192
/**
 * How many bytes of incomplete bodies an isolate may hold in memory. `known` counts the bodies of
 * known callers, `unknown` those of callers who are not known yet. An isolate (running copy of the
 * Worker) has 128 MB of memory.
 */
export const MOST_BYTES = { known: 32 * 1024 * 1024, unknown: 8 * 1024 * 1024 }

/** One body that is being read. */
export interface BodyRead extends Watch {
  /**
   * The reason why the gateway stopped reading: `body-too-slow`, or `gateway-busy` if all bodies
   * together are too large. Undefined if it did not stop.
   */
  readonly refusal: Refusal | undefined
  /** Ends the read. After this, the bytes of this body no longer count. */
  end(): void
}

/**
 * Counts the bytes of all bodies that an isolate is reading (F14 and X11 in SECURITY.md). It stores
 * only numbers, and no data of a request.
 */
export function createBodyReads({ now }: Pick<Ports, 'now'>, mostBytes: number): (after: After) => BodyRead {
  let held = 0

  return (after) => {
    let own = 0
    let hasEnded = false
    let refusal: Refusal | undefined
    let stop = () => {}
    const startedAt = now()
    const giveUp = (why: Refusal): void => {
      refusal ??= why
      stop()
    }
    // The timer is not cancelled, because to cancel a timer costs more than to set it. The timer
    // ends with the request.
    const check = (milliseconds: number): void => {
      after(milliseconds, () => {
        const left = startedAt + FIRST_MS + (own / LEAST_BYTES_PER_SECOND) * 1000 - now()
        if (hasEnded) return
        if (left <= 0) giveUp(new Refusal('body-too-slow'))
        else check(left)
      })
    }

    return {
      get refusal() {
        return refusal
      },
      begin(stopReading) {
        stop = stopReading
        check(FIRST_MS)
      },
      gathered(bytes) {
        own += bytes
        held += bytes
        if (held > mostBytes) giveUp(new Refusal('gateway-busy'))
      },
      end() {
        hasEnded = true
        held -= own
      },
    }
  }
}
