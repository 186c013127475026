import { isObject, type Json, type JsonObject } from '../adapter'
import { Replaced, withOwnIds, withOwnThreadIds } from '../ag-ui/threads'
import { type Finder, pathOf } from '../endpoints'
import type { ThreadKeeping } from '../thread-isolation'

/** Lists of everybody's threads, what wipes them all, and a stream of everything that happens. */
const sharedOnly = new Set(['threads.search', 'threads.subscribe', 'threads.clear', 'debug'])

/** CopilotKit's runtime with an address for each thing: ids stand in paths and in bodies. */
export const copilotkitThreads: ThreadKeeping = {
  sharedOnly,
  async keep(passing, asked, { ids, newId }) {
    const replaced = new Replaced(ids)
    const params = await withOwnThread(passing.params, replaced)
    const body = await inputOf(asked)(passing.body, replaced, newId)
    return { ...passing, params, body, restoration: replaced.restoration }
  },
}

/** The same with an envelope. @param findResource what `resource/request` leads to */
export const copilotkitEnvelopeThreads = (findResource: Finder): ThreadKeeping => ({
  sharedOnly,
  async keep(passing, asked, { ids, newId }) {
    const replaced = new Replaced(ids)
    if (!isObject(passing.body)) return passing
    const { params, body, ...envelope } = passing.body
    const own: JsonObject = {
      ...envelope,
      ...(params !== undefined && { params: await withOwnParams(params, replaced, findResource) }),
      ...(body !== undefined && { body: (await inputOf(asked)(body, replaced, newId)) ?? null }),
    }
    return { ...passing, body: own, restoration: replaced.restoration }
  },
})

type Operations = { readonly operations: readonly string[] }

const TAKES_INPUT = new Set(['run.stream', 'run.suggest', 'threads.connect'])
/** Whether the input is AG-UI's `RunAgentInput`, which has a thread. */
export const takesInput = ({ operations }: Operations): boolean =>
  operations.some((operation) => TAKES_INPUT.has(operation))

const inputOf = (asked: Operations) => (takesInput(asked) ? withOwnThreadIds : withOwnIds)

async function withOwnThread<Params extends Readonly<Record<string, string>>>(
  params: Params,
  replaced: Replaced,
): Promise<Params> {
  if (params.thread === undefined) return params
  return { ...params, thread: await replaced.put('thread', decodeURIComponent(params.thread)) }
}

async function withOwnParams(params: Json, replaced: Replaced, findResource: Finder): Promise<Json> {
  if (!isObject(params)) return params
  const own = (await withOwnIds({ ...params }, replaced)) as JsonObject
  const { path, httpMethod } = own
  if (typeof path !== 'string' || typeof httpMethod !== 'string') return own
  const [resource = '', ...query] = path.split('?')
  const found = findResource(httpMethod.toUpperCase(), resource)
  if (!found || 'allow' in found) return own
  const ownPath = pathOf(found.endpoint, await withOwnThread(found.params, replaced))
  return { ...own, path: [ownPath, ...query].join('?') }
}
