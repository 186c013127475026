import { Refusal } from '../errors/refusal'
import { type Ids, type Sort, toAgent } from '../threads/ids'
import { type Endpoint, folded, isObject, type Json, type JsonObject, plainName } from './adapter'
import { dataLinesMapped } from './event-data'
import type { Restoration, ThreadKeeping } from './threads'

/** Members that hold an id, or a list of them, in whatever spelling: protocol buffers are read in two. */
const IDS: Readonly<Record<string, Sort>> = { taskid: 'task', contextid: 'context', referencetaskids: 'task' }

/** What people and agents say to each other: an id in it is only a word. */
const CONTENT = new Set(['metadata', 'parts', 'content', 'data'])

/** Operations whose JSON-RPC parameters have the task's id as `id`. */
const NAMES_TASK = /^(?:task|push)\./

/** How the resource name of a task, and of what a task has, begins. */
const TASK_NAME = /^tasks\/[^/]+(?=\/|$)/

/** A2A: ids of tasks and contexts reach the caller with a mark that they are its own; another's become ids of nothing. */
export const a2aThreads: ThreadKeeping = {
  sharedOnly: new Set(['task.list']),
  async keep(passing, { endpoint, operations }, { ids }) {
    const exchange = new Exchange(ids)
    const { task: asked } = passing.params
    const task =
      asked === undefined ? undefined : encodeURIComponent(await exchange.toAgent('task', decodeURIComponent(asked)))
    const params = task === undefined ? passing.params : { ...passing.params, task }
    const inBody = paramsOf(passing.body, endpoint)
    if (task !== undefined) nameTask(inBody, task)
    if (endpoint.named && operations.some((each) => NAMES_TASK.test(each))) await exchange.openTask(inBody)
    await exchange.openAll(inBody)
    return { ...passing, params, restoration: exchange.restoration }
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
  /** What the caller called them, by what the agent does. */
  readonly #callers = new Map<string, string>()

  constructor(readonly ids: Ids) {}

  async toAgent(sort: Sort, given: string): Promise<string> {
    const known = await toAgent(this.ids, sort, given)
    this.#callers.set(known, given)
    return known
  }

  async toCaller(sort: Sort, given: string): Promise<string> {
    const known = this.#callers.get(given) ?? (await this.ids.seal(sort, given))
    this.#callers.set(given, known)
    return known
  }

  /** Puts the agent's id in place of a task's `id`, which is a configuration's where there is a `taskId` too. */
  async openTask(params: JsonObject): Promise<void> {
    const hasTaskId = Object.keys(params).some((key) => plainName(key) === 'taskid')
    for (const key of Object.keys(params)) {
      const name = folded(key)
      if (name === 'id' && !hasTaskId) params[key] = await this.#each('task', params[key], this.toAgent)
      // Resource names such as `tasks/1`, which no JSON-RPC binding has, would be another way to say it.
      if (name === 'name' || name === 'parent') throw new Refusal('body-invalid', 'a resource name')
    }
  }

  /** Puts the agent's ids into a request's parameters. It changes what it is given. */
  async openAll(params: JsonObject): Promise<void> {
    await this.#walk(params, this.toAgent)
  }

  get restoration(): Restoration {
    const answer = async (text: string): Promise<string> => {
      const value = parsed(text)
      return value === undefined ? text : JSON.stringify(await this.#sealAll(value))
    }
    return { answer, events: (text) => dataLinesMapped(text, answer) }
  }

  async #sealAll(value: Json): Promise<Json> {
    await this.#walk(value, this.toCaller)
    return value
  }

  /** Replaces ids at any depth but in content; of tasks their own `id`, too, where they are on the way to a caller. */
  async #walk(value: Json, replace: Exchange['toAgent']): Promise<void> {
    if (Array.isArray(value)) for (const item of value) await this.#walk(item, replace)
    if (!isObject(value)) return
    const task = replace === this.toCaller && isTask(value)
    for (const key of Object.keys(value)) {
      const name = plainName(key)
      const sort = task && name === 'id' ? 'task' : IDS[name]
      if (sort !== undefined) value[key] = await this.#each(sort, value[key], replace)
      else if (!CONTENT.has(name)) await this.#walk(value[key] ?? null, replace)
    }
  }

  async #each(sort: Sort, value: Json | undefined, replace: Exchange['toAgent']): Promise<Json> {
    if (Array.isArray(value)) return Promise.all(value.map((each) => this.#each(sort, each, replace)))
    if (typeof value !== 'string' || value === '') {
      if (replace === this.toAgent && value !== '' && value !== null) throw new Refusal('body-invalid', `${sort} id`)
      return value ?? null
    }
    return replace.call(this, sort, value)
  }
}

/** A task is what has a status with a state, and no task above it (an event about one has). */
const isTask = (value: JsonObject): boolean =>
  isObject(value.status) && 'state' in value.status && typeof value.id === 'string' && !('taskId' in value)

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
