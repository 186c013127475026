import type { Watch } from '../bytes'
import { Refusal } from '../errors/refusal'
import type { After, Ports } from '../ports'

/** How long a body may take until its first bytes arrive. */
const FIRST_MS = 20_000
/** The least speed at which the other bytes of a body have to arrive. */
const LEAST_BYTES_PER_SECOND = 8192
/**
 * How many bytes of bodies that are still arriving an isolate may hold in memory: those of known
 * callers, and those of callers who are not known yet. An isolate (running copy of the Worker) has
 * 128 MB.
 */
export const MOST_BYTES = { known: 32 * 1024 * 1024, unknown: 8 * 1024 * 1024 }

/** One body that is being read. */
export interface BodyRead extends Watch {
  /**
   * Why the read was given up: `body-too-slow`, or `gateway-busy` if all bodies together are too
   * large.
   */
  readonly refusal: Refusal | undefined
  /** Ends the read: its bytes no longer count. */
  end(): void
}

/**
 * Counts the bytes of all bodies that an isolate is reading (F14 and X11 in SECURITY.md). It keeps
 * no data of a request.
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
    // The timer is not cancelled, because that would cost more than setting it. It ends with the
    // request.
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
