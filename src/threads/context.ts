import { Refusal } from '../errors/refusal'
import type { Json } from '../json'
import type { After, Ports } from '../ports'
import { type Ids, idsOf } from './ids'
import { createOwners, type Owner, type Sharing } from './owner'
import { createOwnershipCache } from './ownership-cache'
import { importThreadKeys, type ThreadKeys, threadSecretFault } from './secret'

/** The agent's answer to a request of the gateway's own. */
export interface AgentAnswer {
  readonly status: number
  /** Undefined where it is not JSON, and where it was not waited for. */
  readonly answer: Json | undefined
}

/**
 * The part of an answer that is waited for: all of it; its status alone, however long it is; or its
 * end, of which nothing but the status is told.
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

/** One caller on one route, as a rule needs it to keep their threads apart from others'. */
export interface ThreadContext {
  readonly owner: string
  readonly ids: Ids
  /** Makes an id that nobody has had. */
  newId(): string
  /** Whether a thread without an owner becomes the property of the first caller who uses it. */
  readonly claimsUnowned: boolean
  /** Whether the route offers an operation to the caller and its policies permit it. */
  permits(operation: string): boolean
  readonly ask: Ask
  readonly after: After
  /** Threads that lately turned out to be the caller's. */
  readonly cache: {
    isOwn(thread: string): boolean
    /**
     * Called before the agent is asked. The function that it returns notes a thread that the agent
     * says is the caller's.
     */
    beforeAsking(): (thread: string) => void
    forget(thread: string): void
    /** Whether another caller's thread was deleted under this id lately. */
    isReserved(thread: string): boolean
  }
}

/** The members of a route that ownership depends on. */
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
 * @param secret of the threads; read when it is first needed
 * @returns a function that throws Refusal `configuration-incomplete` without a secret and
 *   `tenant-missing` without a tenant
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
