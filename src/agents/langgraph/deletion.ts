import { Refusal } from '../../errors/refusal'
import { isObject } from '../../json'
import type { ThreadContext } from '../../threads/context'
import { isThreadId } from './ownership'
import { isNo, unclear } from './statuses'

/** The most requests that one deletion may cost, for a thread with more runs than anybody has. */
const MAX_QUESTIONS = 200
/** A run that hears of its end but does not come to it. */
const PATIENCE_MS = 10_000

/**
 * Ends the runs of a thread that is about to be deleted. Servers only forget them: they go on, and
 * what they make gets into whatever thread has the id by then. A run that cannot be ended does not
 * keep the thread from being deleted.
 *
 * @throws Refusal where it cannot be told whether there are any
 */
export async function cancelRuns(thread: string, { ask, after }: Pick<ThreadContext, 'ask' | 'after'>): Promise<void> {
  // Those that wait come first: the next one begins as soon as the one before it has ended.
  for (const status of ['pending', 'running']) {
    const cancelled = new Set<string>()
    let staying = 0
    // One by one: a JavaScript server lists runs together with all that they were given.
    for (let questions = 0; questions < MAX_QUESTIONS; questions++) {
      const run = await runAt(staying, status)
      if (run === undefined) break
      if (cancelled.has(run)) staying++
      else await cancel(run)
      cancelled.add(run)
    }
  }

  async function runAt(offset: number, status: string): Promise<string | undefined> {
    const query = new URLSearchParams({ status, limit: '1', offset: String(offset), select: 'run_id' })
    const told = await ask('GET', `/threads/${thread}/runs?${query}`)
    if (isNo(told.status)) return undefined
    if (told.status !== 200 || !Array.isArray(told.answer)) throw unclear('runs of a thread', told.status)
    const [run] = told.answer
    if (run === undefined) return undefined
    if (!isObject(run) || !isThreadId(run.run_id)) throw unclear('runs of a thread', told.status)
    return run.run_id
  }

  async function cancel(run: string): Promise<void> {
    const ended = ask('POST', `/threads/${thread}/runs/${run}/cancel?wait=true`, undefined, 'end').catch((thrown) => {
      if (!(thrown instanceof Refusal)) throw thrown
    })
    const patience = Promise.withResolvers<void>()
    const cancelPatience = after(PATIENCE_MS, patience.resolve)
    await Promise.race([ended, patience.promise]).finally(cancelPatience)
  }
}
