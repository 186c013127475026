import { Refusal } from '../../errors/refusal'
import { isObject, type JsonObject } from '../../json'
import type { ThreadContext } from '../../threads/context'
import { isNo, unclear } from './statuses'

/** The member of a thread's metadata that says whose it is. Only the gateway writes it. */
export const OWNER = 'sallyport_owner'

/**
 * As LangGraph writes ids. Its Python server takes others for the same thread, so they are not
 * passed on.
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
 * has no request that only reads metadata, but its search can be held to one id and to few members,
 * so that a long conversation is not read along.
 */
export class Ownership {
  constructor(readonly context: ThreadContext) {}

  /** @throws Refusal `thread-unknown` where the thread is not the caller's, or is not */
  async require(thread: string): Promise<void> {
    if (this.context.cache.isOwn(thread)) return
    if ((await this.find(thread)) !== 'own') throw new Refusal('thread-unknown')
  }

  /**
   * Makes a thread the caller's if there is none of that id. Of two who race for one, the server
   * lets one create it, and the other finds it taken.
   * @throws Refusal `thread-unknown` where it is somebody else's or was so until lately, or where
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
   * Whether a run is one of a thread: a JavaScript server streams any run to whoever names it under
   * a thread of theirs.
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

  /** @returns null where there is a thread without one, undefined where there is no thread */
  async #ownerOf(thread: string): Promise<unknown> {
    const select = ['thread_id', 'metadata']
    const { status, answer } = await this.context.ask('POST', '/threads/search', { ids: [thread], limit: 1, select })
    if (isNo(status)) return undefined
    if (status !== 200 || !Array.isArray(answer)) throw unclear(WHAT, status)
    const [found] = answer
    if (found === undefined) return undefined
    // A server that knows no search by id would answer with any thread.
    if (!isObject(found) || found.thread_id !== thread) throw unclear(WHAT, status)
    return (isObject(found.metadata) ? found.metadata[OWNER] : undefined) ?? null
  }

  /**
   * The last to write becomes the owner: two who come at the same moment may both be let in this
   * once.
   */
  async #take(thread: string): Promise<Finding> {
    const { ask, owner } = this.context
    // It is answered with all that was said in the thread.
    const { status } = await ask('PATCH', `/threads/${thread}`, { metadata: { [OWNER]: owner } }, 'status')
    if (isNo(status)) return 'missing'
    if (status !== 200 && status !== 204) throw unclear(WHAT, status)
    return (await this.#ownerOf(thread)) === owner ? 'own' : 'foreign'
  }
}
