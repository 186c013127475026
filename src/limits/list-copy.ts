import { answeredInTime } from '../answered-in-time'
import type { Background, Ports } from '../ports'
import type { Closed, RevocationDocument, RevocationKind } from './revocation-entry'

/** A copy of this age is replaced while requests go on with it. */
const FRESH_MS = 5_000
/** A copy of this age is not used before it is replaced. */
const USABLE_MS = 10_000
/** So long an isolate goes on with its copy where the list cannot be had. */
const GRACE_MS = 45_000
/** How long a request waits for the list. */
const WAIT_MS = 2_000
/** How long the cache of the place is waited for. */
const SHARED_MS = 300
/** How soon after a failure it is asked again. */
const COOL_DOWN_MS = 1_000

/** The list as isolates of one place share it. */
interface Copy {
  readonly document: RevocationDocument
  /** When the object was asked, in milliseconds since the epoch. */
  readonly at: number
}

/** The same, to look things up in. */
export interface List {
  readonly entries: readonly (readonly [RevocationKind, ReadonlySet<string>])[]
  readonly closed: ReadonlyMap<string, Closed>
  readonly at: number
}

/** Asks the object for its list. */
export type ReadList = () => Promise<Response>

const CACHED = 'https://revocations.sallyport.internal/list'

/** An isolate's copy of the list of revocations. */
export interface ListCopy {
  /** Undefined where there has been none yet. It may be old. */
  list(): List | undefined
  /**
   * Makes the copy as new as it has to be: behind the caller where it may still be used, and before
   * otherwise.
   * @param isStrict waits also for a copy that a request might still use
   * @returns whether the copy is young enough to be relied on
   */
  renew(background: Background, isStrict?: boolean): Promise<boolean>
}

export function createListCopy(
  readList: ReadList,
  ports: Pick<Ports, 'now' | 'after' | 'log' | 'sharedCache'>,
): ListCopy {
  const { now, after, log, sharedCache } = ports
  let list: List | undefined
  let pending: { readonly since: number; readonly work: Promise<void> } | undefined
  let failedAt = Number.NEGATIVE_INFINITY
  const ageOf = (moment: number): number => (moment > now() ? Number.POSITIVE_INFINITY : now() - moment)
  const age = (): number => (list ? ageOf(list.at) : Number.POSITIVE_INFINITY)

  /** A cache that fails is a cache that has nothing. */
  const readShared = async () => (await sharedCache?.match(CACHED))?.json() as Promise<Copy | undefined>

  async function load(background: Background): Promise<void> {
    try {
      const shared = await answeredInTime(after, SHARED_MS, readShared()).catch(() => undefined)
      if (shared && ageOf(shared.at) < FRESH_MS) {
        take(shared)
        return
      }
      const at = now()
      const response = await readList()
      if (!response.ok) throw new Error(`status ${response.status}`)
      const copy: Copy = { document: (await response.json()) as RevocationDocument, at }
      take(copy)
      const headers = { 'cache-control': `max-age=${FRESH_MS / 1000}` }
      const put = sharedCache?.put(CACHED, new Response(JSON.stringify(copy), { headers }))
      if (put) background.waitUntil(put.catch(() => undefined))
    } catch (thrown) {
      noteFailure(String(thrown))
    }
  }

  /** A load that was late does not undo a later one. */
  function take(copy: Copy): void {
    if (ageOf(copy.at) < age()) list = listOf(copy)
  }

  function noteFailure(reason: string): void {
    failedAt = now()
    const ageSeconds = list ? Math.round(age() / 1000) : undefined
    log(JSON.stringify({ event: 'revocations-unreachable', reason: reason.slice(0, 200), ageSeconds }))
  }

  async function refresh(background: Background): Promise<void> {
    // A load ends with the request that began it.
    if (pending && ageOf(pending.since) > WAIT_MS) pending = undefined
    if (!pending) {
      if (ageOf(failedAt) < COOL_DOWN_MS) return
      const work = load(background).finally(() => {
        if (pending?.work === work) pending = undefined
      })
      pending = { since: now(), work }
      background.waitUntil(work)
    }
    const isAnswered = await answeredInTime(
      after,
      WAIT_MS,
      pending.work.then(() => true),
    )
    if (!isAnswered) noteFailure('no answer in time')
  }

  return {
    list: () => list,
    async renew(background, isStrict = false) {
      if (age() >= (isStrict ? FRESH_MS : USABLE_MS)) await refresh(background)
      else if (age() >= FRESH_MS) void refresh(background)
      return age() < GRACE_MS
    },
  }
}

const listOf = ({ document, at }: Copy): List => ({
  entries: (Object.entries(document.entries) as [RevocationKind, readonly string[]][]).map(([kind, hashes]) => [
    kind,
    new Set(hashes),
  ]),
  closed: new Map(Object.entries(document.closed)),
  at,
})
