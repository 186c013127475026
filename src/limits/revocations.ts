import { asRefusal, Refusal } from '../errors/refusal'
import type { After, Background, Ports } from '../ports'
import { createListCopy, type ReadList } from './list-copy'
import { type Closed, hashOf, type RevocationKind } from './revocation-entry'

/**
 * The time after which a revocation is in force everywhere, in seconds. It is the sum of three
 * times of 5 seconds each: the age of the copy that all isolates of a Cloudflare location share,
 * the age of an isolate's own copy, and the time between two checks of a stream.
 */
export const REVOCATION_BOUND_SECONDS = 15

/** How often the gateway checks whether a stream may go on, in milliseconds. */
const LOOK_MS = 5_000

/** The data of a caller by which an operator can revoke access. */
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
  /**
   * Whether requests pass (`open`) or are refused (`closed`) while the revocation list cannot be
   * read.
   */
  readonly withoutList: 'closed' | 'open'
  /**
   * Whether this is the route on which operators close and open routes. This route cannot be closed
   * itself.
   */
  readonly isForOperators: boolean
}

export interface Revocations {
  /**
   * Checks that a request may go on: its route is open and its caller is not revoked.
   * @param caller absent before the caller is known, and on public routes
   * @throws Refusal `route-closed`, `token-invalid` for a caller who is revoked, or
   *   `revocations-unavailable` if the list cannot be fetched
   */
  admit(route: Route, caller: Revocable | undefined, background: Background): Promise<void>
  /**
   * Checks from time to time whether a reply may still go on.
   * @param caller absent on public routes
   * @param within the request's own timer and background
   * @param work is called once, with the reason, if the reply may not go on
   * @returns a function that stops the checks
   */
  watch(
    route: Route,
    caller: Revocable | undefined,
    within: { readonly after: After; readonly background: Background },
    work: (why: Refusal) => void,
  ): () => void
}

/**
 * Creates the checks of revocation for all requests of an isolate (running copy of the Worker). The
 * revocation list is read at intervals. A request waits for the list only if the isolate has no
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

/**
 * Returns the hashes by which a caller can be revoked. If the caller comes through another
 * Sallyport gateway, the name of the caller's own identity provider counts as well.
 */
function hashesOf(kind: RevocationKind, caller: Revocable): Promise<readonly string[]> {
  const value = values[kind](caller)
  if (typeof value !== 'string' && typeof value !== 'number') return Promise.resolve([])
  const issuers = kind === 'key' ? [''] : [...new Set([caller.issuer, caller.identityProvider])]
  return Promise.all(issuers.map((issuer) => hashOf(kind, issuer, String(value))))
}
