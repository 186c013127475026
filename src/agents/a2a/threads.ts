import { Refusal } from '../../errors/refusal'
import { dataLinesMapped } from '../../event-text'
import { folded, isObject, type Json, type JsonObject } from '../../json'
import type { Ids } from '../../threads/ids'
import type { Sort } from '../../threads/sort'
import type { AnswerChange } from '../answer-change'
import type { Endpoint } from '../endpoints'
import { stringsReplaced } from '../json-places'
import { nobody, type Rule } from '../thread-isolation'
import { idsInAnswer } from './ids-in-answers'
import { idsInRequest } from './ids-in-requests'

/** Matches the start of a resource name: `tasks/` and the id of a task. */
const TASK_NAME = /^tasks\/([^/]+)(?=\/|$)/

/**
 * Seals the ids of tasks and contexts: in answers, it adds a signature (an HMAC) that an id is the
 * caller's. In requests, an id without the caller's seal is replaced by one that the agent has
 * never issued.
 */
const sealed: Rule = async (call, { ids }) => {
  const { endpoint, body, params } = call
  const [operation = ''] = call.operations
  const exchange = new Exchange(ids)
  const isRpc = endpoint.named !== undefined
  const method = isRpc && isObject(body) ? body.method : operation
  const inBody = paramsOf(body, endpoint)
  for (const { sort, id, put } of idsInRequest(inBody, method)) put(await exchange.toAgent(sort, id))
  const change = exchange.change(operation, isRpc)
  if (params.task === undefined) return { call, change }
  const task = encodeURIComponent(await exchange.toAgent('task', decodeURIComponent(params.task)))
  nameTask(inBody, task)
  return { call: { ...call, params: { ...params, task } }, change }
}

export const rules = { sealed, nobody }

function paramsOf(body: Json | undefined, { named }: Endpoint): JsonObject {
  const params = (named && isObject(body) ? body.params : body) ?? {}
  // JSON-RPC also allows a list of parameters. The gateway refuses it, because it could not tell
  // which parameter is an id.
  if (!isObject(params)) throw new Refusal('body-invalid', 'parameters')
  return params
}

/**
 * Puts the task id of the path into the resource names of a REST body (A2A 0.3:
 * `tasks/1/pushNotificationConfigs/2`). Some servers use these names instead of the path. The
 * function changes `body` itself.
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

/** The task and context ids of one request and of its answer. */
class Exchange {
  /**
   * Maps the kind of an id (task or context) and the agent's id to the id that the caller knows.
   * The kind is needed, because a task and a context may have the same id.
   */
  readonly #callers = new Map<string, string>()

  constructor(readonly ids: Ids) {}

  async toAgent(sort: Sort, given: string): Promise<string> {
    const known = await this.ids.toAgent(sort, given)
    this.#callers.set(`${sort} ${known}`, given)
    return known
  }

  async toCaller(sort: Sort, given: string): Promise<string> {
    const known = this.#callers.get(`${sort} ${given}`) ?? (await this.ids.seal(sort, given))
    this.#callers.set(`${sort} ${given}`, known)
    return known
  }

  change(operation: string, isRpc: boolean): AnswerChange {
    const answer = (text: string): Promise<string> =>
      stringsReplaced(text, idsInAnswer(text, operation, isRpc), ({ sort, text: id }) => this.#written(sort, id))
    return { answer, events: (text) => dataLinesMapped(text, answer) }
  }

  async #written(sort: Sort | 'name', text: string): Promise<string> {
    if (text === '') return text
    if (sort !== 'name') return this.toCaller(sort, text)
    // The request already named the task. An agent has no reason to name another task here. If it
    // does, the name stays without a seal.
    return text.replace(TASK_NAME, (_, task) => `tasks/${this.#callers.get(`task ${task}`) ?? task}`)
  }
}
