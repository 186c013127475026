import type { Watch } from '../bytes'
import { Refusal } from '../errors/refusal'
import type { After, Ports } from '../ports'

/** How long the first bytes of a body may take. */
const FIRST_MS = 20_000
/** How fast the other bytes have to come. */
const LEAST_BYTES_PER_SECOND = 8192
/**
 * How much an isolate may hold of bodies that are still coming in: of known callers, and of callers
 * who are not known yet. It has 128 MB for everything.
 */
export const MOST_BYTES = { known: 32 * 1024 * 1024, unknown: 8 * 1024 * 1024 }

/** One body while it is read. */
export interface BodyRead extends Watch {
  /**
   * Why the read was given up: `body-too-slow`, or `gateway-busy` where all bodies together are too
   * large.
   */
  readonly refusal: Refusal | undefined
  /** Ends the read: its bytes no longer count. */
  end(): void
}

/**
 * Counts the bodies that an isolate is reading (security notes F14, X11). It counts bytes, and
 * holds no request's data.
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
    // The timer is not cancelled: it ends with the request, and to cancel it would cost more than
    // to set it.
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
