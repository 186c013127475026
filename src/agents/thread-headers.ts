import type { Ids } from '../threads/ids'
import type { ThreadKeeping } from './thread-isolation'

export const LAST_EVENT = 'last-event-id'
const IDEMPOTENCY_KEY = 'idempotency-key'

/**
 * A kind's way of keeping threads, and of headers by which an agent may look up what it keeps for everybody in one place. A key of
 * idempotency becomes one of its owner's alone. The id of an event, by which a stream is taken up again, is not passed on.
 *
 * @param resumes the kind says itself which event ids pass
 */
export const withOwnHeaders = (keeping: ThreadKeeping, { resumes = false } = {}): ThreadKeeping => ({
  ...keeping,
  async keep(passing, asked, keeper) {
    const key = passing.headers.get(IDEMPOTENCY_KEY)
    const isDropped = !resumes && passing.headers.has(LAST_EVENT)
    if (key === null && !isDropped) return keeping.keep(passing, asked, keeper)
    const headers = new Headers(passing.headers)
    if (isDropped) headers.delete(LAST_EVENT)
    if (key !== null) headers.set(IDEMPOTENCY_KEY, await ownKey(key, keeper.ids))
    return keeping.keep({ ...passing, headers }, asked, keeper)
  },
})

/** The draft of that header has its value in quotes; most servers take it without. */
async function ownKey(key: string, ids: Ids): Promise<string> {
  const derived = await ids.derive('idempotency-key', key)
  return key.startsWith('"') ? `"${derived}"` : derived
}
