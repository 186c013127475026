import { answeredInTime } from '../answered-in-time'
import { Refusal } from '../errors/refusal'
import type { After, Background, Ports } from '../ports'
import { type Closed, hashOf, type RevocationDocument, type RevocationKind } from './revocation-entry'

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

/**
 * The time within which a revocation is in force everywhere, in seconds: a copy that isolates of
 * one place share may be 5 seconds old, an isolate's own as many more, and a stream looks every 5.
 */
export const REVOCATION_BOUND_SECONDS = 15

/** How often a stream looks whether it may go on. */
const LOOK_MS = 5_000

/** The caller, as far as it can be revoked. */
interface Revocable {
  readonly issuer: string
  readonly identityProvider: string
  readonly subject: string
  readonly tenant: string | undefined
  readonly key?: string
  readonly claims: Readonly<Record<string, unknown>>
}

interface Route {
  readonly id: string
  /** Whether requests pass where the list cannot be had. */
  readonly withoutList: 'closed' | 'open'
  /** The operators' own route stays open: they open the others there. */
  readonly isForOperators: boolean
}

export interface Revocations {
  /**
   * Lets a request of a route go on.
   * @throws Refusal `route-closed`, or `revocations-unavailable` where the list cannot be had
   */
  admit(route: Route, background: Background): Promise<void>
  /** @throws Refusal `token-invalid` for a caller who is revoked */
  refuse(caller: Revocable): Promise<void>
  /**
   * Looks from time to time, as long as a reply goes on, whether it still may.
   * @param caller absent on public routes
   * @param within the request's own timer and background
   * @param work is done once, when it may not
   * @returns a function that stops it
   */
  watch(
    route: Route,
    caller: Revocable | undefined,
    within: { readonly after: After; readonly background: Background },
    work: () => void,
  ): () => void
}

/** The list as isolates of one place share it. */
interface Copy {
  readonly document: RevocationDocument
  /** When the object was asked, in milliseconds since the epoch. */
  readonly at: number
}

/** The same, to look things up in. */
interface List {
  readonly entries: readonly (readonly [RevocationKind, ReadonlySet<string>])[]
  readonly closed: ReadonlyMap<string, Closed>
  readonly at: number
}

/** Asks the object for its list. */
export type ReadList = () => Promise<Response>

const CACHED = 'https://revocations.sallyport.internal/list'

/** For all requests of an isolate. The list is polled: requests wait for it only where there is no usable copy. */
export function createRevocations(readList: ReadList, ports: Ports): Revocations {
  const { now, after, log, sharedCache } = ports
  let list: List | undefined
  let pending: { readonly since: number; readonly work: Promise<void> } | undefined
  let failedAt = Number.NEGATIVE_INFINITY
  const ageOf = (moment: number): number => (moment > now() ? Number.POSITIVE_INFINITY : now() - moment)
  const age = (): number => (list ? ageOf(list.at) : Number.POSITIVE_INFINITY)
  const hashes = new WeakMap<Revocable, Map<RevocationKind, readonly string[]>>()

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

  /** @param waitsFrom the age of a copy in milliseconds from which it is not used before it is replaced */
  async function admit(
    { id, withoutList, isForOperators }: Route,
    background: Background,
    waitsFrom: number,
  ): Promise<void> {
    if (age() >= waitsFrom) await refresh(background)
    else if (age() >= FRESH_MS) void refresh(background)
    if (age() >= GRACE_MS && withoutList === 'closed') throw new Refusal('revocations-unavailable')
    const closed = list?.closed.get(id)
    if (closed && !isForOperators) throw closedRoute(closed)
  }

  async function refuse(caller: Revocable): Promise<void> {
    for (const [kind, listed] of list?.entries ?? []) {
      const known = hashes.get(caller) ?? new Map<RevocationKind, readonly string[]>()
      hashes.set(caller, known)
      const own = known.get(kind) ?? (await hashesOf(kind, caller))
      known.set(kind, own)
      if (own.some((hash) => listed.has(hash))) throw new Refusal('token-invalid', `revoked ${kind}`)
    }
  }

  return {
    admit: (route, background) => admit(route, background, USABLE_MS),
    refuse,
    watch(route, caller, { after: afterwards, background }, work) {
      let cancel = (): void => undefined
      let isOver = false
      const look = async (): Promise<void> => {
        try {
          await admit(route, background, FRESH_MS)
          if (caller) await refuse(caller)
          if (!isOver) again()
        } catch {
          if (!isOver) work()
        }
      }
      const again = (): void => {
        cancel = afterwards(LOOK_MS, () => void look())
      }
      again()
      return () => {
        isOver = true
        cancel()
      }
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

const closedRoute = ({ message, retryAfter }: Closed): Refusal =>
  new Refusal('route-closed', undefined, { ...(message && { detail: message }), ...(retryAfter && { retryAfter }) })

const values: Readonly<Record<RevocationKind, (caller: Revocable) => unknown>> = {
  token: ({ claims }) => claims.jti,
  session: ({ claims }) => claims.sid,
  person: ({ subject }) => subject,
  tenant: ({ tenant }) => tenant,
  key: ({ key }) => key,
  issuer: () => '',
}

/** Somebody whom another gateway vouches for is revoked under their own provider's name as well. */
function hashesOf(kind: RevocationKind, caller: Revocable): Promise<readonly string[]> {
  const value = values[kind](caller)
  if (typeof value !== 'string') return Promise.resolve([])
  const issuers = kind === 'key' ? [''] : [...new Set([caller.issuer, caller.identityProvider])]
  return Promise.all(issuers.map((issuer) => hashOf(kind, issuer, value)))
}
