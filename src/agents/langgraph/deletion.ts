import { Refusal } from '../../errors/refusal'
import { isObject } from '../../json'
import type { ThreadContext } from '../../threads/context'
import { isThreadId } from './ownership'
import { isNo, unclear } from './statuses'

/** How often a deletion asks for a run of each status at most. No real thread has so many runs. */
const MAX_QUESTIONS = 200
/** How long to wait for a run that was cancelled but does not stop. */
const PATIENCE_MS = 10_000

/**
 * Cancels the runs of a thread before it is deleted. Servers only forget such runs: they go on, and
 * write into a later thread that has the same id. The thread is deleted even if a run cannot be
 * cancelled.
 *
 * @throws Refusal where the server does not say clearly whether there are runs
 */
export async function cancelRuns(thread: string, { ask, after }: Pick<ThreadContext, 'ask' | 'after'>): Promise<void> {
  // Pending runs come first: otherwise one would begin as soon as the run before it has ended.
  for (const status of ['pending', 'running']) {
    const cancelled = new Set<string>()
    let staying = 0
    // One by one, because a JavaScript server lists each run with everything it was started with.
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
