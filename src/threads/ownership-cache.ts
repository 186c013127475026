/** How long a thread's owner is believed. */
const BELIEVED_MS = 30_000
/**
 * How long nobody else may make a thread under the id of one that was deleted. Requests that were
 * under way are over by then.
 */
const RESERVED_MS = 600_000
const MAX_ENTRIES = 10_000

/**
 * Threads whose owner has been read from the agent lately, so that it need not be asked before each
 * call. Only what was found to be somebody's is kept, under the route and the thread, together with
 * whose it is.
 *
 * It is this isolate's own: a thread that is deleted through another isolate, and made anew there
 * by somebody else under the same id, is still taken for its former owner's here until the time is
 * over.
 */
export interface OwnershipCache {
  isOwn(route: string, thread: string, owner: string): boolean
  /**
   * Called before the agent is asked.
   * @returns what notes a thread that it says is the owner's, unless it was deleted, or could have
   *   been, since it was asked
   */
  beforeAsking(route: string, owner: string): (thread: string) => void
  /** The thread is being deleted by its owner. */
  forget(route: string, thread: string, owner: string): void
  /**
   * Whether somebody else's thread was deleted under this id lately: what they left running could
   * reach into a new one.
   */
  isReserved(route: string, thread: string, owner: string): boolean
}

interface Entry {
  readonly owner: string
  readonly until: number
}

/** @param now milliseconds since the epoch */
export function createOwnershipCache(now: () => number): OwnershipCache {
  const found = new Map<string, Entry>()
  const deleted = new Map<string, Entry>()
  /**
   * When a deletion was last dropped for want of room: of all that was asked before, nothing is
   * known.
   */
  let dropped = Number.NEGATIVE_INFINITY
  const keyOf = (route: string, thread: string) => JSON.stringify([route, thread])
  const currentIn = (entries: Map<string, Entry>, key: string): Entry | undefined => {
    const entry = entries.get(key)
    return entry !== undefined && now() < entry.until ? entry : undefined
  }
  const put = (entries: Map<string, Entry>, key: string, owner: string, forMs: number): Entry | undefined => {
    // An entry that is put again becomes the newest of all.
    entries.delete(key)
    const [oldest] = entries.size >= MAX_ENTRIES ? entries : []
    if (oldest) entries.delete(oldest[0])
    entries.set(key, { owner, until: now() + forMs })
    return oldest?.[1]
  }
  return {
    isOwn: (route, thread, owner) => currentIn(found, keyOf(route, thread))?.owner === owner,
    beforeAsking(route, owner) {
      const askedAt = now()
      return (thread) => {
        const key = keyOf(route, thread)
        // An answer that was on its way while the thread was deleted would bring back its former
        // owner.
        if (currentIn(deleted, key) || askedAt <= dropped || askedAt + RESERVED_MS <= now()) return
        put(found, key, owner, BELIEVED_MS)
      }
    },
    forget(route, thread, owner) {
      const key = keyOf(route, thread)
      found.delete(key)
      const gone = put(deleted, key, owner, RESERVED_MS)
      if (gone && now() < gone.until) dropped = now()
    },
    isReserved(route, thread, owner) {
      const entry = currentIn(deleted, keyOf(route, thread))
      return entry !== undefined && entry.owner !== owner
    },
  }
}
