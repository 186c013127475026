import { isObject, type Json, type JsonObject } from '../../json'
import { runOfInterrupt, withOwnInterrupts } from '../ag-ui/interrupts'
import { withOwnIds, withOwnThreadIds } from '../ag-ui/run-input'
import { DerivedIds } from '../derived-ids'
import { pathOf } from '../endpoint-tree'
import { nobody, type Rule } from '../thread-isolation'
import { findResource } from './endpoints'

/**
 * A function that replaces the caller's ids in a body by derived ids. The body may be AG-UI's
 * `RunAgentInput`, which always needs a thread id, or any other body.
 */
type WithOwnIds = typeof withOwnThreadIds

/** Makes a rule that replaces ids in paths and in bodies. */
const inPathAndBody =
  (withIds: WithOwnIds): Rule =>
  async (call, { ids, newId }) => {
    const derived = new DerivedIds(ids)
    const params = await withOwnThread(call.params, derived)
    const body = await withIds(call.body, derived, newId)
    return { call: { ...call, params, body }, change: derived.change }
  }

/**
 * Replaces the ids in a run's input, and the run ids inside the ids of interrupts. Mastra agents
 * behind a CopilotKit runtime use such ids of interrupts.
 */
const withOwnRun: WithOwnIds = async (input, derived, newId) => {
  await withOwnInterrupts(input, (run) => derived.put('run', run), runOfInterrupt)
  return withOwnThreadIds(input, derived, newId)
}

/** The ownership rules for a CopilotKit runtime with one address for each operation. */
export const rules = { input: inPathAndBody(withOwnRun), ids: inPathAndBody(withOwnIds), nobody }

/** Makes a rule that replaces ids in the request that an envelope wraps. */
const inEnvelope =
  (withIds: WithOwnIds): Rule =>
  async (call, { ids, newId }) => {
    if (!isObject(call.body)) return { call }
    const derived = new DerivedIds(ids)
    const { params, body, ...envelope } = call.body
    const own: JsonObject = {
      ...envelope,
      ...(params !== undefined && { params: await withOwnParams(params, derived) }),
      ...(body !== undefined && { body: (await withIds(body, derived, newId)) ?? null }),
    }
    return { call: { ...call, body: own }, change: derived.change }
  }

const inAnyEnvelope = inEnvelope(withOwnIds)

/**
 * The ownership rules for a CopilotKit runtime with a single address. Each body is an envelope,
 * which may name a thread in its parameters. So the rule `nobody` replaces ids too.
 */
export const envelopeRules = { input: inEnvelope(withOwnRun), ids: inAnyEnvelope, nobody: inAnyEnvelope }

async function withOwnThread<Params extends Readonly<Record<string, string>>>(
  params: Params,
  derived: DerivedIds,
): Promise<Params> {
  if (params.thread === undefined) return params
  return { ...params, thread: await derived.put('thread', decodeURIComponent(params.thread)) }
}

async function withOwnParams(params: Json, derived: DerivedIds): Promise<Json> {
  if (!isObject(params)) return params
  const own = (await withOwnIds({ ...params }, derived)) as JsonObject
  const { path, httpMethod } = own
  if (typeof path !== 'string' || typeof httpMethod !== 'string') return own
  const [resource = '', ...query] = path.split('?')
  const found = findResource(httpMethod.toUpperCase(), resource)
  if (!found || 'allow' in found) return own
  const ownPath = pathOf(found.endpoint, await withOwnThread(found.params, derived))
  return { ...own, path: [ownPath, ...query].join('?') }
}
