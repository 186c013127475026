import { isObject } from '../../json'
import type { Call } from '../call'
import { type Isolated, nobody, type Rule, type Rules } from '../thread-isolation'
import { cleared, metadataOfRun, stampedBody, withOwner, withoutOwner } from './bodies'
import { changedCron, listedCrons, newCron, ownCron } from './crons'
import { cancelRuns } from './deletion'
import type { Whose } from './endpoints'
import { newThread } from './new-thread'
import { Ownership } from './ownership'
import { joinedStatelessRun, namedRuns, statelessRun } from './stateless-runs'
import { store } from './store'

/**
 * Removes the query parameter `delete_threads`, which would delete the threads of all users of an
 * assistant.
 */
const assistant: Rule = (call) => {
  const search = new URLSearchParams(call.query)
  if (!search.has('delete_threads')) return { call }
  search.delete('delete_threads')
  return { call: { ...call, query: search.size > 0 ? `?${search}` : '' } }
}

/** Limits a search or a count to the caller's own threads, by a filter that the server applies. */
const listed: Rule = (call, { owner }) => ({ call: withOwner(call, owner) })

/** A rule for requests to a thread that is already known to be the caller's. */
type ThreadRule = (call: Call, ownership: Ownership, thread: string) => Isolated | Promise<Isolated>

const clear =
  (rule: Rule): Rule =>
  (call, context) =>
    rule(cleared(call), context)

/**
 * Makes a rule that first checks the owner of the thread in the path.
 * @param mayBeNew tells whether the request may create the thread. If so, the thread first becomes
 *   the caller's
 */
const ofThread = (rule: ThreadRule, mayBeNew: (call: Call) => boolean = createsThread): Rule =>
  clear(async (call, context) => {
    const ownership = new Ownership(context)
    const { thread = '' } = call.params
    if (mayBeNew(call)) await ownership.claim(thread, { metadata: metadataOfRun(call.body) })
    else await ownership.require(thread)
    return rule(call, ownership, thread)
  })

const createsThread = ({ operations, body }: Call): boolean =>
  operations.includes('threads.create') || (isObject(body) && body.method === 'run.start')

const unchanged: ThreadRule = (call) => ({ call })

const changed: ThreadRule = (call) => ({ call: { ...call, body: withoutOwner(call.body) } })

const deleted: ThreadRule = async (call, { context }, thread) => {
  context.cache.forget(thread)
  await cancelRuns(thread, context)
  // `forget` is called again after the deletion, because the id is reserved from that moment.
  return { call, change: { headers: () => context.cache.forget(thread) } }
}

const run: ThreadRule = async (call, { context: { ids } }) => {
  const { run: given = '' } = call.params
  const known = (await ids.open('run', decodeURIComponent(given))) ?? given
  return { call: { ...call, params: { ...call.params, run: known } } }
}

const joinedRun: ThreadRule = async (call, ownership, thread) => {
  const opened = await run(call, ownership, thread)
  await ownership.requireRun(thread, opened.call.params.run ?? '')
  return opened
}

/**
 * Writes the owner into a new run's metadata. It also notes the thread to which the run belongs.
 */
const newRun: ThreadRule = (call, { context: { owner, cache } }) => {
  if (!isObject(call.body)) return { call }
  const note = cache.beforeAsking()
  const headers = (answered: Readonly<Record<string, string>>) => {
    const made = /^\/threads\/([^/]+)\/runs\/([^/]+)$/.exec(answered['content-location'] ?? '')
    if (made) note(`${made[1]}/${made[2]}`)
  }
  return { call: { ...call, body: stampedBody(call.body, owner) }, change: { headers } }
}

/** Commands that start or continue a run. */
const STARTS = new Set(['run.start', 'input.respond'])

const command: ThreadRule = (call, { context: { owner } }) => {
  const { body } = call
  if (!isObject(body) || !isObject(body.params) || (typeof body.method === 'string' && !STARTS.has(body.method)))
    return { call }
  return { call: { ...call, body: { ...body, params: stampedBody(body.params, owner) } } }
}

/**
 * The ownership rules for LangGraph, by the names that its endpoints use. LangGraph's own database
 * stores the owner of a thread in the thread's metadata. The rules do in the gateway what
 * `@auth.on` handlers would do in the server.
 */
export const rules = {
  nobody,
  assistant,
  listed,
  store,
  'new thread': clear(newThread),
  thread: ofThread(unchanged),
  'changed thread': ofThread(changed),
  'deleted thread': ofThread(deleted),
  // Clients of the event protocol choose the id of a thread, listen to it, and only then start its
  // first run.
  'thread to come': ofThread(unchanged, () => true),
  run: ofThread(run),
  'joined run': ofThread(joinedRun),
  'new run': ofThread(newRun),
  command: ofThread(command),
  'stateless run': clear(statelessRun),
  'joined stateless run': clear(joinedStatelessRun),
  'named runs': clear(namedRuns),
  'new cron': clear(newCron),
  'listed crons': clear(listedCrons),
  cron: clear(ownCron),
  'changed cron': clear(changedCron),
} satisfies Rules<Whose>
