import { Refusal } from '../../errors/refusal'
import { isObject } from '../../json'
import type { ThreadContext } from '../../threads/context'
import { isThreadId } from './ownership'
import { isNo, unclear } from './statuses'

/**
 * The most requests that one deletion makes to find runs of one status, such as `pending`. No real
 * thread has so many runs.
 */
const MAX_QUESTIONS = 200
/** The time to wait for a run that was cancelled but does not stop. */
const PATIENCE_MS = 10_000

/**
 * Cancels the runs of a thread before it is deleted. Without this, servers only forget the runs.
 * The runs continue, and write into a later thread that has the same id. The thread is deleted even
 * if a run cannot be cancelled.
 *
 * @throws Refusal if the server does not say clearly whether the thread has runs
 */
export async function cancelRuns(thread: string, { ask, after }: Pick<ThreadContext, 'ask' | 'after'>): Promise<void> {
  // Pending runs are cancelled first. Otherwise a pending run would start as soon as the run before
  // it ends.
  for (const status of ['pending', 'running']) {
    const cancelled = new Set<string>()
    let staying = 0
    // The gateway requests one run at a time, because a JavaScript server lists each run with its
    // whole input.
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
