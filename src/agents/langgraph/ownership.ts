import { Refusal } from '../../errors/refusal'
import { isObject, type JsonObject } from '../../json'
import type { ThreadContext } from '../../threads/context'
import { isNo, unclear } from './statuses'

/** The member of a thread's metadata that names its owner. Only the gateway writes it. */
export const OWNER = 'sallyport_owner'

/**
 * Matches ids as LangGraph writes them. Its Python server accepts other spellings of the same id,
 * so those are not passed on.
 */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export const isThreadId = (value: unknown): value is string => typeof value === 'string' && UUID.test(value)

export const stamped = (metadata: unknown, owner: string): JsonObject => ({
  ...(isObject(metadata) && metadata),
  [OWNER]: owner,
})

const WHAT = 'owner of a thread'

type Finding = 'own' | 'foreign' | 'missing'

/**
 * Finds the owner of a thread in the server's own database, with the caller's identity. LangGraph
 * has no request that only reads metadata. But its search can be limited to one id and a few
 * members, so that a long conversation is not read too.
 */
export class Ownership {
  constructor(readonly context: ThreadContext) {}

  /** @throws Refusal `thread-unknown` where the thread does not exist or is not the caller's */
  async require(thread: string): Promise<void> {
    if (this.context.cache.isOwn(thread)) return
    if ((await this.find(thread)) !== 'own') throw new Refusal('thread-unknown')
  }

  /**
   * Creates a thread for the caller if none has this id. If two callers race, the server lets only
   * one create it, and the other finds it taken.
   * @throws Refusal `thread-unknown` where another owner has the thread or recently deleted it, or
   *   where the caller may not create threads
   */
  async claim(thread: string, as: JsonObject = {}): Promise<void> {
    const { cache, owner, ask, permits } = this.context
    if (cache.isOwn(thread)) return
    const found = await this.find(thread)
    if (found === 'own') return
    if (found === 'foreign' || cache.isReserved(thread) || !permits('threads.create'))
      throw new Refusal('thread-unknown')
    const note = cache.beforeAsking()
    const metadata = stamped(as.metadata, owner)
    const { status } = await ask('POST', '/threads', { ...as, thread_id: thread, metadata, if_exists: 'raise' })
    if (status === 409) return this.require(thread)
    if (status !== 200) throw unclear(WHAT, status)
    note(thread)
  }

  /**
   * Requires a run to belong to a thread. A JavaScript server would stream any run to a caller who
   * names it under their own thread.
   * @throws Refusal `thread-unknown`
   */
  async requireRun(thread: string, run: string): Promise<void> {
    const name = `${thread}/${run}`
    if (!UUID.test(run)) throw new Refusal('thread-unknown')
    if (this.context.cache.isOwn(name)) return
    const note = this.context.cache.beforeAsking()
    const { status, answer } = await this.context.ask('GET', `/threads/${thread}/runs/${run}`)
    if (isNo(status)) throw new Refusal('thread-unknown')
    if (status !== 200 || !isObject(answer)) throw unclear('thread of a run', status)
    if (answer.thread_id !== thread) throw new Refusal('thread-unknown')
    note(name)
  }

  async find(thread: string): Promise<Finding> {
    if (!isThreadId(thread)) throw new Refusal('thread-unknown')
    const note = this.context.cache.beforeAsking()
    const owner = await this.#ownerOf(thread)
    if (owner === undefined) return 'missing'
    if (owner === null && this.context.claimsUnowned) return this.#take(thread)
    if (owner !== this.context.owner) return 'foreign'
    note(thread)
    return 'own'
  }

  /** @returns null where the thread has no owner, undefined where there is no thread */
  async #ownerOf(thread: string): Promise<unknown> {
    const select = ['thread_id', 'metadata']
    const { status, answer } = await this.context.ask('POST', '/threads/search', { ids: [thread], limit: 1, select })
    if (isNo(status)) return undefined
    if (status !== 200 || !Array.isArray(answer)) throw unclear(WHAT, status)
    const [found] = answer
    if (found === undefined) return undefined
    // A server that cannot search by id would answer with any thread.
    if (!isObject(found) || found.thread_id !== thread) throw unclear(WHAT, status)
    return (isObject(found.metadata) ? found.metadata[OWNER] : undefined) ?? null
  }

  /**
   * Makes the caller the owner. The last write wins: if two callers claim the thread at the same
   * moment, both may be let in this once.
   */
  async #take(thread: string): Promise<Finding> {
    const { ask, owner } = this.context
    // Only the status is awaited: the answer contains the whole conversation.
    const { status } = await ask('PATCH', `/threads/${thread}`, { metadata: { [OWNER]: owner } }, 'status')
    if (isNo(status)) return 'missing'
    if (status !== 200 && status !== 204) throw unclear(WHAT, status)
    return (await this.#ownerOf(thread)) === owner ? 'own' : 'foreign'
  }
}
