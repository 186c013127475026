import { Refusal } from '../../errors/refusal'
import { isObject, type Json, type JsonObject } from '../../json'
import type { Rule } from '../thread-isolation'
import { stampedBody } from './bodies'
import { Ownership } from './ownership'
import { sealedRuns } from './runs'

/**
 * Starts runs without a thread id. The server creates a thread for each run, and the caller owns
 * that thread too.
 */
export const statelessRun: Rule = (call, { ids, owner }) => {
  const { body, endpoint } = call
  if (body === undefined) return { call }
  const own = (run: Json): JsonObject => {
    const { thread_id: _, ...stateless } = stampedBody(run, owner)
    return stateless
  }
  return {
    call: { ...call, body: Array.isArray(body) ? body.map(own) : own(body) },
    change: sealedRuns(ids, endpoint.operation === 'run.wait'),
  }
}

/**
 * Joins the stream of a run that was started without a thread id. The run's id must have the
 * caller's seal (a signature that the run is the caller's).
 */
export const joinedStatelessRun: Rule = async (call, { ids }) => {
  const run = await ids.open('run', decodeURIComponent(call.params.run ?? ''))
  if (run === undefined) throw new Refusal('thread-unknown')
  return { call: { ...call, params: { ...call.params, run } }, change: sealedRuns(ids, false) }
}

/**
 * Cancels runs of one thread by their ids. A request by status is refused, because it would cancel
 * the runs of all callers.
 */
export const namedRuns: Rule = async (call, context) => {
  const body = isObject(call.body) ? call.body : {}
  const { status, thread_id: thread, run_ids: runs } = body
  if (status !== undefined && status !== null) throw new Refusal('field-forbidden', 'status', { field: 'status' })
  if (typeof thread !== 'string' || !Array.isArray(runs)) throw new Refusal('body-invalid', 'thread_id and run_ids')
  await new Ownership(context).require(thread)
  const { ids } = context
  const known = runs.map(async (run) => (typeof run === 'string' ? ((await ids.open('run', run)) ?? run) : run))
  return { call: { ...call, body: { ...body, run_ids: await Promise.all(known) } } }
}
