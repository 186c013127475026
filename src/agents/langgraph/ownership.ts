import { Refusal } from '../../errors/refusal'
import { isObject, type JsonObject } from '../../json'
import type { ThreadContext } from '../../threads/context'
import { isNo, unclear } from './statuses'

/** The member of a thread's metadata that names its owner. Only the gateway writes it. */
export const OWNER = 'sallyport_owner'

/**
 * Matches ids as LangGraph writes them. Its Python server accepts other spellings of the same id,
 * but the gateway refuses them.
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
 * Finds the owner of a thread by a request to the LangGraph server, with the caller's identity.
 * LangGraph has no request that only reads metadata. So the gateway searches for one id and selects
 * a few members. Otherwise the server would also send the conversation, which may be long.
 */
export class Ownership {
  constructor(readonly context: ThreadContext) {}

  /**
   * Requires that a thread is the caller's.
   * @throws Refusal `thread-unknown` if the thread does not exist or is not the caller's
   */
  async require(thread: string): Promise<void> {
    if (this.context.cache.isOwn(thread)) return
    if ((await this.find(thread)) !== 'own') throw new Refusal('thread-unknown')
  }

  /**
   * Creates a thread for the caller if no thread has this id. If two callers try at the same time,
   * the server lets only one create it. The other caller then finds a thread that has an owner.
   * @throws Refusal `thread-unknown` if another owner has the thread or recently deleted it, or if
   *   the caller may not create threads
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
   * Requires that a run belongs to a thread. A JavaScript server would stream any run, even another
   * caller's, if its id is in a path below the caller's own thread.
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

  /** @returns the owner; null if the thread has no owner, undefined if there is no thread */
  async #ownerOf(thread: string): Promise<unknown> {
    const select = ['thread_id', 'metadata']
    const { status, answer } = await this.context.ask('POST', '/threads/search', { ids: [thread], limit: 1, select })
    if (isNo(status)) return undefined
    if (status !== 200 || !Array.isArray(answer)) throw unclear(WHAT, status)
    const [found] = answer
    if (found === undefined) return undefined
    // A server that cannot search by id would answer with some other thread.
    if (!isObject(found) || found.thread_id !== thread) throw unclear(WHAT, status)
    return (isObject(found.metadata) ? found.metadata[OWNER] : undefined) ?? null
  }

  /**
   * Makes the caller the owner of a thread that has no owner. The last write wins. If two callers
   * claim the thread at the same moment, both may get access for this one request.
   */
  async #take(thread: string): Promise<Finding> {
    const { ask, owner } = this.context
    // The gateway waits only for the status, because the answer contains the whole conversation.
    const { status } = await ask('PATCH', `/threads/${thread}`, { metadata: { [OWNER]: owner } }, 'status')
    if (isNo(status)) return 'missing'
    if (status !== 200 && status !== 204) throw unclear(WHAT, status)
    return (await this.#ownerOf(thread)) === owner ? 'own' : 'foreign'
  }
}
