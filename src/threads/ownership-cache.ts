/** How long the gateway relies on a cached owner of a thread before it asks the agent again. */
const BELIEVED_MS = 30_000
/**
 * How long the id of a deleted thread is reserved. In this time, no other caller may create a
 * thread with this id. Requests for the deleted thread that were under way have ended by then.
 */
const RESERVED_MS = 600_000
const MAX_ENTRIES = 10_000

/**
 * The owners of threads, as the agent named them recently. With this cache, the gateway need not
 * ask the agent before each request. Threads without an owner are not stored.
 *
 * Each isolate (running copy of the Worker) has its own cache. If another isolate deletes a thread,
 * and another caller creates a thread with the same id, this isolate still takes the former owner
 * for the owner until the entry expires.
 */
export interface OwnershipCache {
  isOwn(route: string, thread: string, owner: string): boolean
  /**
   * Must be called before the agent is asked who owns a thread.
   * @returns a function that stores a thread as the owner's. Call it if the agent confirms who owns
   *   the thread. It stores nothing if the thread was, or could have been, deleted since the agent
   *   was asked
   */
  beforeAsking(route: string, owner: string): (thread: string) => void
  /** Removes a thread that its owner deletes from the cache, and reserves the thread's id. */
  forget(route: string, thread: string, owner: string): void
  /**
   * Tells whether another owner recently deleted a thread with this id. If so, runs of the deleted
   * thread may still be active, and could write into a new thread.
   */
  isReserved(route: string, thread: string, owner: string): boolean
}

interface Entry {
  readonly owner: string
  readonly until: number
}

/** Creates the cache. @param now returns milliseconds since the epoch */
export function createOwnershipCache(now: () => number): OwnershipCache {
  const found = new Map<string, Entry>()
  const deleted = new Map<string, Entry>()
  /**
   * When a reserved id was last removed before its time, because the cache was full. If the agent
   * was asked before that moment, its answer is not stored, because the thread may have been
   * deleted.
   */
  let dropped = Number.NEGATIVE_INFINITY
  const keyOf = (route: string, thread: string) => JSON.stringify([route, thread])
  const currentIn = (entries: Map<string, Entry>, key: string): Entry | undefined => {
    const entry = entries.get(key)
    return entry !== undefined && now() < entry.until ? entry : undefined
  }
  const put = (entries: Map<string, Entry>, key: string, owner: string, forMs: number): Entry | undefined => {
    // Deleting the old entry first makes an entry that is stored again the newest.
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
        // If the thread was deleted while the agent's answer was on its way, the answer names the
        // former owner and must not be stored.
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
