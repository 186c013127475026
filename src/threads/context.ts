import { Refusal } from '../errors/refusal'
import type { Json } from '../json'
import type { After, Ports } from '../ports'
import { type Ids, idsOf } from './ids'
import { createOwners, type Owner, type Sharing } from './owner'
import { createOwnershipCache } from './ownership-cache'
import { importThreadKeys, type ThreadKeys, threadSecretFault } from './secret'

/** The agent's answer to the gateway's own request. */
export interface AgentAnswer {
  readonly status: number
  /**
   * The JSON of the answer; undefined if the answer is not JSON, or if the gateway did not wait for
   * it.
   */
  readonly answer: Json | undefined
}

/**
 * The part of an agent's answer for which the gateway waits. `answer`: the whole answer. `status`:
 * only the status, not the body. `end`: the end of the body, but only the status is returned.
 */
export type WaitFor = 'answer' | 'status' | 'end'

/**
 * Asks the agent something on the caller's behalf, with the caller's identity. The path is below
 * the route.
 */
export type Ask = (
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  body?: Json,
  waitFor?: WaitFor,
) => Promise<AgentAnswer>

/** The facts about one caller on one route that are needed to keep the threads of callers apart. */
export interface ThreadContext {
  readonly owner: string
  readonly ids: Ids
  /** Makes a new random id. */
  newId(): string
  /** Whether a thread without an owner becomes the property of the first caller who uses it. */
  readonly claimsUnowned: boolean
  /**
   * Tells whether the route offers an operation and the route's policies permit it to the caller.
   */
  permits(operation: string): boolean
  readonly ask: Ask
  readonly after: After
  /** Threads of which the agent recently confirmed that they belong to the caller. */
  readonly cache: {
    isOwn(thread: string): boolean
    /**
     * Must be called before the agent is asked who owns a thread. Returns a function that stores a
     * thread as the caller's. Call it if the agent confirms that the thread belongs to the caller.
     */
    beforeAsking(): (thread: string) => void
    forget(thread: string): void
    /** Tells whether another owner recently deleted a thread with this id. */
    isReserved(thread: string): boolean
  }
}

/** The members of a route that decide who owns a thread. */
interface OwnedRoute {
  readonly id: string
  readonly threads: Sharing
  readonly claimsUnowned: boolean
}

export type ThreadContexts = (
  caller: Owner,
  route: OwnedRoute,
  access: Pick<ThreadContext, 'permits' | 'ask'>,
) => Promise<ThreadContext>

/**
 * Creates the function that makes the `ThreadContext` of a caller.
 * @param secret THREAD_SECRET. Its keys are imported when they are first needed
 * @returns a function that throws Refusal `configuration-incomplete` without a valid secret, and
 *   `tenant-missing` if tenants own the threads and the caller has none
 */
export function createThreadContexts(
  secret: string | undefined,
  { now, after, randomId }: Pick<Ports, 'now' | 'after' | 'randomId'>,
): ThreadContexts {
  const ownerOf = createOwners()
  const owners = createOwnershipCache(now)
  let keys: Promise<ThreadKeys> | undefined

  return async (caller, { id: route, threads, claimsUnowned }, access) => {
    if (threads === 'shared') throw new Error('threads that are shared have no owner')
    if (threadSecretFault(secret)) throw new Refusal('configuration-incomplete', 'THREAD_SECRET')
    keys ??= importThreadKeys(secret ?? '')
    const owner = await ownerOf(caller, threads)
    return {
      ...access,
      after,
      owner,
      newId: randomId,
      claimsUnowned,
      ids: idsOf(await keys, route, owner),
      cache: {
        isOwn: (thread) => owners.isOwn(route, thread, owner),
        beforeAsking: () => owners.beforeAsking(route, owner),
        forget: (thread) => owners.forget(route, thread, owner),
        isReserved: (thread) => owners.isReserved(route, thread, owner),
      },
    }
  }
}
