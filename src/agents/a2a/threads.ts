import { Refusal } from '../../errors/refusal'
import { type Ids, type Sort, toAgent } from '../../threads/ids'
import { type Endpoint, folded, isObject, type Json, type JsonObject } from '../adapter'
import { dataLinesMapped } from '../event-data'
import type { Restoration, ThreadKeeping } from '../thread-isolation'
import { idsInAnswer } from './answers'
import { idsInRequest } from './ids'

/** How the resource name of a task, and of what a task has, begins. */
const TASK_NAME = /^tasks\/([^/]+)(?=\/|$)/

/** A2A: ids of tasks and contexts reach the caller with a mark that they are its own; another's become ids of nothing. */
export const a2aThreads: ThreadKeeping = {
  sharedOnly: new Set(['task.list']),
  async keep(passing, { endpoint, operations: [operation = ''] }, { ids }) {
    const exchange = new Exchange(ids)
    const isRpc = endpoint.named !== undefined
    const method = isRpc && isObject(passing.body) ? passing.body.method : operation
    const inBody = paramsOf(passing.body, endpoint)
    for (const { sort, id, put } of idsInRequest(inBody, method)) put(await exchange.toAgent(sort, id))
    const restoration = exchange.restoration(operation, isRpc)
    const { task: asked } = passing.params
    if (asked === undefined) return { ...passing, restoration }
    const task = encodeURIComponent(await exchange.toAgent('task', decodeURIComponent(asked)))
    nameTask(inBody, task)
    return { ...passing, params: { ...passing.params, task }, restoration }
  },
}

function paramsOf(body: Json | undefined, { named }: Endpoint): JsonObject {
  const params = (named && isObject(body) ? body.params : body) ?? {}
  // JSON-RPC has parameters by position as well, where nothing says which of them is an id.
  if (!isObject(params)) throw new Refusal('body-invalid', 'parameters')
  return params
}

/**
 * Has the resource names of a REST body of 0.3 (`tasks/1/pushNotificationConfigs/2`) name the task of the path, whatever they
 * named: some servers go by them. It changes what it is given.
 */
function nameTask(body: JsonObject, task: string): void {
  for (const [key, value] of Object.entries(body)) {
    const name = folded(key)
    if (name === 'config' && isObject(value)) nameTask(value, task)
    if (name !== 'name' && name !== 'parent') continue
    if (typeof value !== 'string' || !TASK_NAME.test(value)) throw new Refusal('body-invalid', 'a resource name')
    body[key] = value.replace(TASK_NAME, () => `tasks/${task}`)
  }
}

/** The ids of one request and its answer. */
class Exchange {
  /** What the caller called them, by what the agent does: a task and a context may have one id. */
  readonly #callers = new Map<string, string>()

  constructor(readonly ids: Ids) {}

  async toAgent(sort: Sort, given: string): Promise<string> {
    const known = await toAgent(this.ids, sort, given)
    this.#callers.set(`${sort} ${known}`, given)
    return known
  }

  async toCaller(sort: Sort, given: string): Promise<string> {
    const known = this.#callers.get(`${sort} ${given}`) ?? (await this.ids.seal(sort, given))
    this.#callers.set(`${sort} ${given}`, known)
    return known
  }

  restoration(operation: string, isRpc: boolean): Restoration {
    const answer = async (text: string): Promise<string> => {
      let restored = ''
      let from = 0
      for (const written of idsInAnswer(text, operation, isRpc)) {
        restored += text.slice(from, written.from) + JSON.stringify(await this.#written(written.sort, written.text))
        from = written.to
      }
      return restored + text.slice(from)
    }
    return { answer, events: (text) => dataLinesMapped(text, answer) }
  }

  async #written(sort: Sort | 'name', text: string): Promise<string> {
    if (text === '') return text
    if (sort !== 'name') return this.toCaller(sort, text)
    // The path has named the task, so whatever else there is was not the agent's to name.
    return text.replace(TASK_NAME, (_, task) => `tasks/${this.#callers.get(`task ${task}`) ?? task}`)
  }
}
