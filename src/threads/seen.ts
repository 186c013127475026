/** How long a thread's owner is believed. */
const BELIEVED_MS = 30_000
const MAX_KEPT = 10_000

/**
 * Threads whose owner has been read from the agent lately, so that it need not be asked before each call. Only what was found to
 * be somebody's is kept, under the route and the thread, together with whose it is.
 *
 * It is this isolate's own: a thread that is deleted through another isolate, and made anew there by somebody else under the same
 * id, is still taken for its former owner's here until the time is over.
 */
export interface Seen {
  isOwn(route: string, thread: string, owner: string): boolean
  note(route: string, thread: string, owner: string): void
  forget(route: string, thread: string): void
}

/** @param now milliseconds since the epoch */
export function createSeen(now: () => number): Seen {
  const kept = new Map<string, { readonly owner: string; readonly until: number }>()
  const keyOf = (route: string, thread: string) => JSON.stringify([route, thread])
  return {
    isOwn(route, thread, owner) {
      const found = kept.get(keyOf(route, thread))
      return found !== undefined && found.owner === owner && now() < found.until
    },
    note(route, thread, owner) {
      if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value ?? '')
      kept.set(keyOf(route, thread), { owner, until: now() + BELIEVED_MS })
    },
    forget(route, thread) {
      kept.delete(keyOf(route, thread))
    },
  }
}
