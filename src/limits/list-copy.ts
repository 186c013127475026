import { answeredInTime } from '../answered-in-time'
import { elapsed } from '../elapsed'
import type { Background, Ports } from '../ports'
import { type Closed, isRevocationKind, type RevocationKind } from './revocation-entry'

/**
 * From this age on, a copy of the revocation list is renewed in the background, while requests
 * still use the old copy.
 */
const FRESH_MS = 5_000
/** From this age on, a request waits until the copy of the revocation list has been renewed. */
const USABLE_MS = 10_000
/** The age up to which an isolate may use its copy while the revocation list cannot be read. */
const GRACE_MS = 45_000
/** How long a request waits for the revocation list. */
const WAIT_MS = 2_000
/** How long to wait for the cache that all isolates of a Cloudflare location share. */
const SHARED_MS = 300
/** How long to wait after a failure before the revocation list is requested again. */
const COOL_DOWN_MS = 1_000

/** The revocation list, with its hashes in sets so that lookups are fast. */
export interface List {
  readonly entries: readonly (readonly [RevocationKind, ReadonlySet<string>])[]
  readonly closed: ReadonlyMap<string, Closed>
  /** When the list was requested from the Durable Object, in milliseconds since the epoch. */
  readonly at: number
}

/** Requests the list from the Durable Object that stores it. */
export type ReadList = () => Promise<Response>

/** The copy of the revocation list in one isolate (one running copy of the Worker). */
export interface ListCopy {
  /** Returns the list, which may be old; undefined if no list has been read yet. */
  list(): List | undefined
  /**
   * Renews the copy if it is too old. While the old copy may still be used, this happens in the
   * background. Otherwise the function waits for the new copy.
   * @param isStrict waits for the new copy even if the old one might still be used
   * @returns whether the copy is young enough to be relied on
   */
  renew(background: Background, isStrict?: boolean): Promise<boolean>
}

/**
 * Creates the copy of the revocation list for one isolate.
 * @param publicUrl the gateway's own URL, by which the cache distinguishes the lists of gateways.
 *   Gateways of the same Cloudflare zone share this cache, but each has its own list
 */
export function createListCopy(
  publicUrl: string,
  readList: ReadList,
  ports: Pick<Ports, 'now' | 'after' | 'log' | 'sharedCache'>,
): ListCopy {
  const { now, after, log, sharedCache } = ports
  const cached = `https://revocations.sallyport.internal/${encodeURIComponent(publicUrl)}`
  let list: List | undefined
  let pending: { readonly since: number; readonly work: Promise<void> } | undefined
  let failedAt = Number.NEGATIVE_INFINITY
  const ageOf = (moment: number): number => elapsed(moment, now())
  const age = (): number => (list ? ageOf(list.at) : Number.POSITIVE_INFINITY)

  /** Reads the shared copy. A cache that fails counts as empty. */
  const readShared = async () => (await sharedCache?.match(cached))?.json() as Promise<unknown>

  async function load(background: Background): Promise<void> {
    try {
      const shared = await answeredInTime(after, SHARED_MS, readShared().then(listOf)).catch(() => undefined)
      if (shared && ageOf(shared.at) < FRESH_MS) {
        take(shared)
        return
      }
      const at = now()
      const response = await readList()
      if (!response.ok) throw new Error(`status ${response.status}`)
      const copy = { document: await response.json(), at }
      take(listOf(copy))
      const headers = { 'cache-control': `max-age=${FRESH_MS / 1000}` }
      const put = sharedCache?.put(cached, new Response(JSON.stringify(copy), { headers }))
      if (put) background.waitUntil(put.catch(() => undefined))
    } catch (thrown) {
      noteFailure(String(thrown))
    }
  }

  /** Stores a list that was read, unless it arrived late and is older than the current list. */
  function take(later: List): void {
    if (ageOf(later.at) < age()) list = later
  }

  function noteFailure(reason: string): void {
    failedAt = now()
    const ageSeconds = list ? Math.round(age() / 1000) : undefined
    log(JSON.stringify({ event: 'revocations-unreachable', reason: reason.slice(0, 200), ageSeconds }))
  }

  async function refresh(background: Background): Promise<void> {
    // The platform may stop a load together with the request that began the load. The promise of
    // the load then never settles, so a later request must be able to start a new load.
    if (pending && ageOf(pending.since) > WAIT_MS) pending = undefined
    if (!pending) {
      if (ageOf(failedAt) < COOL_DOWN_MS) return
      const work = load(background).finally(() => {
        if (pending?.work === work) pending = undefined
      })
      const begun = { since: now(), work }
      pending = begun
      background.waitUntil(work)
      after(WAIT_MS, () => {
        if (pending === begun) noteFailure('no answer in time')
      })
    }
    await answeredInTime(after, WAIT_MS, pending.work)
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

/**
 * Reads a copy of the list. Kinds of revocation that this version of the gateway does not know are
 * ignored.
 * @throws Error for anything but a list, because a damaged list must not count as an empty one
 */
function listOf(copy: unknown): List {
  const { at, document } = membersOf(copy)
  const { entries, closed } = membersOf(document)
  if (typeof at !== 'number') throw new Error('a list without its time')
  return {
    entries: Object.entries(membersOf(entries)).flatMap(([kind, hashes]) =>
      isRevocationKind(kind) ? [[kind, new Set(Object.values(membersOf(hashes, true)))] as const] : [],
    ),
    closed: new Map(Object.entries(membersOf(closed)).map(([id, how]) => [id, membersOf(how)])),
    at,
  }
}

/**
 * Returns the value if it is an object (or, with `isArray`, an array).
 * @throws Error for any other value
 */
function membersOf(value: unknown, isArray = false): Readonly<Record<string, never>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== isArray)
    throw new Error('a list of another form')
  return value as Record<string, never>
}
