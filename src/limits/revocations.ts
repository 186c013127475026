import { asRefusal, Refusal } from '../errors/refusal'
import type { After, Background, Ports } from '../ports'
import { createListCopy, type ReadList } from './list-copy'
import { type Closed, hashOf, type RevocationKind } from './revocation-entry'

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
   * @param caller absent before one is known, and on public routes
   * @throws Refusal `route-closed`, `token-invalid` for a caller who is revoked, or
   *   `revocations-unavailable` where the list cannot be fetched
   */
  admit(route: Route, caller: Revocable | undefined, background: Background): Promise<void>
  /**
   * Looks from time to time, as long as a reply goes on, whether it still may.
   * @param caller absent on public routes
   * @param within the request's own timer and background
   * @param work is done once, when it may not, and is told why
   * @returns a function that stops it
   */
  watch(
    route: Route,
    caller: Revocable | undefined,
    within: { readonly after: After; readonly background: Background },
    work: (why: Refusal) => void,
  ): () => void
}

/**
 * For all requests of an isolate. The list is polled: requests wait for it only where there is no
 * usable copy.
 */
export function createRevocations(publicUrl: string, readList: ReadList, ports: Ports): Revocations {
  const copy = createListCopy(publicUrl, readList, ports)
  const hashes = new WeakMap<Revocable, Map<RevocationKind, readonly string[]>>()

  async function admit(
    { id, withoutList, isForOperators }: Route,
    caller: Revocable | undefined,
    background: Background,
    isStrict?: boolean,
  ): Promise<void> {
    const isKnown = await copy.renew(background, isStrict)
    if (!isKnown && withoutList === 'closed') throw new Refusal('revocations-unavailable')
    const closed = copy.list()?.closed.get(id)
    if (closed && !isForOperators) throw closedRoute(closed)
    if (caller) await refuse(caller)
  }

  async function refuse(caller: Revocable): Promise<void> {
    for (const [kind, listed] of copy.list()?.entries ?? []) {
      const known = hashes.get(caller) ?? new Map<RevocationKind, readonly string[]>()
      hashes.set(caller, known)
      const own = known.get(kind) ?? (await hashesOf(kind, caller))
      known.set(kind, own)
      if (own.some((hash) => listed.has(hash))) throw new Refusal('token-invalid', `revoked ${kind}`)
    }
  }

  return {
    admit,
    watch(route, caller, { after: afterwards, background }, work) {
      let cancel = (): void => undefined
      let isOver = false
      const look = async (): Promise<void> => {
        try {
          await admit(route, caller, background, true)
          if (!isOver) again()
        } catch (thrown) {
          if (!isOver) work(asRefusal(thrown))
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
  if (typeof value !== 'string' && typeof value !== 'number') return Promise.resolve([])
  const issuers = kind === 'key' ? [''] : [...new Set([caller.issuer, caller.identityProvider])]
  return Promise.all(issuers.map((issuer) => hashOf(kind, issuer, String(value))))
}
