import { Refusal } from '../../errors/refusal'
import type { Keeper } from '../../threads/context'
import { isObject, type Json, type JsonObject, jsonIn } from '../adapter'
import type { Kept, Passing, ThreadKeeping } from '../thread-isolation'
import { cleared, metadataOfRun, stampedBody, withoutOwner } from './bodies'
import { cronsOf } from './crons'
import { cancelRuns } from './deletion'
import { isThreadId, OWNER, Ownership } from './ownership'
import { sealedRuns } from './runs'
import { inOwnNamespace } from './store'

/**
 * LangGraph, whose own database says whose a thread is, in the thread's metadata: what its `@auth.on` handlers would do, done from
 * outside. Counting crons has no filter that every server knows.
 */
export const langgraphThreads: ThreadKeeping = {
  sharedOnly: new Set(['crons.count']),
  async keep(given, { endpoint, operations }, keeper) {
    const ownership = new Ownership(keeper)
    const { path } = endpoint
    const [family] = endpoint.operation.split('.')
    if (family === 'store') return inOwnNamespace(given, path, keeper.owner)
    if (family === 'assistants') return { ...given, query: without('delete_threads', given.query) }
    if (path === '/threads') return created(cleared(given), ownership)
    if (path === '/threads/search' || path === '/threads/count')
      return { ...given, body: stampedBody(given.body ?? {}, keeper.owner) }

    const passing = cleared(given)
    const { thread } = passing.params
    if (family === 'crons') return cronsOf(passing, endpoint, ownership)
    if (thread === undefined) return withoutThread(passing, path, keeper)

    const isStart = isObject(passing.body) && passing.body.method === 'run.start'
    // Clients of the event protocol choose the id of a thread, listen to it, and only then start its first run.
    const mayBeNew = operations.includes('threads.create') || isStart || path === '/threads/:thread/stream/events'
    if (mayBeNew) await ownership.claim(thread, { metadata: metadataOfRun(passing.body) })
    else await ownership.require(thread)
    return below(thread, passing, endpoint.operation, ownership)
  },
}

/** A thread that is made. One of the caller's own choice may be there, and then it may be somebody else's. */
async function created(passing: Passing, ownership: Ownership): Promise<Kept> {
  const { owner, seen } = ownership.keeper
  const body = stampedBody(passing.body ?? {}, owner)
  const { thread_id: thread, supersteps, ...rest } = body
  if (thread !== undefined && thread !== null) {
    if (!isThreadId(thread)) throw new Refusal('body-invalid', 'thread_id')
    // Both a Python server's first steps of a thread and the wish for one that exists reach a thread that is there already.
    if (supersteps !== undefined || body.if_exists === 'do_nothing') {
      const found = await ownership.find(thread)
      if (found === 'own' && body.if_exists !== 'do_nothing') delete body.supersteps
      else {
        await ownership.claim(thread, rest)
        body.if_exists = 'do_nothing'
      }
    } else if (seen.isReserved(thread)) throw new Refusal('thread-unknown')
  }
  const note = seen.asking()
  return { ...passing, body, restoration: { answer: (text) => checked(text) } }

  /** The last word is the server's: what it answers with is the caller's, or is not shown. */
  function checked(text: string): string {
    const answer = jsonIn(text)
    if (!isObject(answer) || answer.thread_id === undefined) return text
    if (!isObject(answer.metadata) || answer.metadata[OWNER] !== owner) throw new Refusal('thread-unknown')
    note(String(answer.thread_id))
    return text
  }
}

/** What is below a thread that is the caller's. */
async function below(thread: string, passing: Passing, operation: string, ownership: Ownership): Promise<Kept> {
  const { owner, seen, ids, ask } = ownership.keeper
  if (operation === 'threads.delete') {
    seen.forget(thread)
    await cancelRuns(thread, ask)
    // Again when it is gone, from when on its id is kept from others.
    return { ...passing, restoration: { headers: async () => seen.forget(thread) } }
  }
  if (operation === 'threads.update') return { ...passing, body: withoutOwner(passing.body) }
  const { run } = passing.params
  if (run !== undefined) {
    const known = (await ids.open('run', decodeURIComponent(run))) ?? run
    if (operation === 'run.join') await ownership.requireRun(thread, known)
    return { ...passing, params: { ...passing.params, run: known } }
  }
  if (!isObject(passing.body) || !/^run\.(?:create|stream|wait|command)$/.test(operation)) return passing
  if (operation !== 'run.command') {
    const note = seen.asking()
    const restoration = { headers: async (headers: Readonly<Record<string, string>>) => noteRun(headers, note) }
    return { ...passing, body: stampedBody(passing.body, owner), restoration }
  }
  const { method, params } = passing.body
  if (!isObject(params) || !STARTS.has(String(method))) return passing
  return { ...passing, body: { ...passing.body, params: stampedBody(params, owner) } }
}

/** Commands that start or go on with a run. */
const STARTS = new Set(['run.start', 'input.respond'])

/** A run that has just been made under a thread is one of it. */
function noteRun(headers: Readonly<Record<string, string>>, note: (run: string) => void): void {
  const made = /^\/threads\/([^/]+)\/runs\/([^/]+)$/.exec(headers['content-location'] ?? '')
  if (made) note(`${made[1]}/${made[2]}`)
}

/** Runs without a thread of the caller's: the server makes one for each, and it is the caller's as well. */
async function withoutThread(passing: Passing, path: string, keeper: Keeper): Promise<Kept> {
  const { body, params } = passing
  if (path === '/runs/:run/stream') {
    const run = await keeper.ids.open('run', decodeURIComponent(params.run ?? ''))
    if (run === undefined) throw new Refusal('thread-unknown')
    return { ...passing, params: { ...params, run }, restoration: sealedRuns(keeper.ids, false) }
  }
  if (path === '/runs/cancel') return cancelled(passing, keeper)
  if (!path.startsWith('/runs') || body === undefined) return passing
  const own = (run: Json): JsonObject => {
    const { thread_id: _, ...stateless } = stampedBody(run, keeper.owner)
    return stateless
  }
  return {
    ...passing,
    body: Array.isArray(body) ? body.map(own) : own(body),
    restoration: sealedRuns(keeper.ids, path === '/runs/wait'),
  }
}

/** Runs of one thread by their ids. By their status they would be everybody's. */
async function cancelled(passing: Passing, keeper: Keeper): Promise<Kept> {
  const body = isObject(passing.body) ? passing.body : {}
  const { status, thread_id: thread, run_ids: runs } = body
  if (status !== undefined && status !== null) throw new Refusal('field-forbidden', 'status', { field: 'status' })
  if (typeof thread !== 'string' || !Array.isArray(runs)) throw new Refusal('body-invalid', 'thread_id and run_ids')
  await new Ownership(keeper).require(thread)
  const known = runs.map(async (run) => (typeof run === 'string' ? ((await keeper.ids.open('run', run)) ?? run) : run))
  return { ...passing, body: { ...body, run_ids: await Promise.all(known) } }
}

function without(name: string, query: string): string {
  const search = new URLSearchParams(query)
  if (!search.has(name)) return query
  search.delete(name)
  return search.size > 0 ? `?${search}` : ''
}
