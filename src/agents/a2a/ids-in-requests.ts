import { Refusal } from '../../errors/refusal'
import { type Json, type JsonObject, plainName } from '../../json'
import { MAX_IDS, tooManyIds } from '../../threads/ids'
import type { Sort } from '../../threads/sort'

/** The only member of a request that holds a list of ids, in lower case. */
const LIST = 'referencetaskids'

/**
 * Members that hold an id or a list of ids. Their names are in lower case without `_`, because
 * servers read two spellings of protocol buffers.
 */
const IDS: ReadonlyMap<string, Sort> = new Map([
  ['taskid', 'task'],
  ['contextid', 'context'],
  [LIST, 'task'],
])

/**
 * Members with the content that people and agents exchange. The gateway does not look for ids
 * there, because agents look nothing up by this content.
 */
const CONTENT = new Set(['metadata', 'parts', 'content', 'data'])

/**
 * Members by which a request names its task or push configuration. In REST 0.3, resource names
 * (`tasks/1`) repeat the path.
 */
const NAMING = new Set(['id', 'taskid', 'name', 'parent'])

const BY_ID = ['id']
const BY_TASK_ID = ['taskid']
/** If a request has a `taskId`, its `id` is the id of a push configuration. */
const CONFIG = ['taskid', 'id']

/**
 * The members of `NAMING` that a request may use, by its JSON-RPC method or the operation of its
 * REST path. Other methods may use none of them. Only the method decides the meaning of an `id`.
 * Otherwise a server could read it as the id of a task, and the gateway as the id of a
 * configuration.
 */
const NAMED_BY: ReadonlyMap<string, readonly string[]> = new Map([
  ['GetTask', BY_ID],
  ['CancelTask', BY_ID],
  ['SubscribeToTask', BY_ID],
  ['CreateTaskPushNotificationConfig', CONFIG],
  ['GetTaskPushNotificationConfig', CONFIG],
  ['ListTaskPushNotificationConfigs', BY_TASK_ID],
  ['DeleteTaskPushNotificationConfig', CONFIG],
  ['tasks/get', BY_ID],
  ['tasks/cancel', BY_ID],
  ['tasks/resubscribe', BY_ID],
  ['tasks/pushNotificationConfig/set', BY_TASK_ID],
  ['tasks/pushNotificationConfig/get', BY_ID],
  ['tasks/pushNotificationConfig/list', BY_ID],
  ['tasks/pushNotificationConfig/delete', BY_ID],
  // In REST, the path names the task, and clients repeat its id in the body.
  ['task.cancel', [...BY_ID, 'name']],
  ['task.subscribe', [...BY_ID, 'name']],
  ['push.create', [...CONFIG, 'name', 'parent']],
])

/**
 * The most characters of an id: 256, and 44 for the signature that the gateway adds when it seals
 * an id.
 */
const MAX_ID_CHARS = 256 + 44

/** An id in a request, and a function (`put`) that replaces it. */
export interface Found {
  readonly sort: Sort
  readonly id: string
  put(id: string): void
}

const namedBy = (method: Json | undefined): readonly string[] =>
  (typeof method === 'string' ? NAMED_BY.get(method) : undefined) ?? []

/** Tells whether the `id` in the parameters of this method is the id of a task. */
export function isTaskById(method: Json | undefined): boolean {
  const names = namedBy(method)
  return names.includes('id') && !names.includes('taskid')
}

/**
 * Finds the ids in a request's parameters, at any depth except in the content of messages.
 *
 * @param method of JSON-RPC, or the operation of a REST path
 * @throws Refusal `body-invalid` for a value that is not an id, for a member in two spellings, and
 *   for a member of `NAMING` that the method may not use
 */
export function idsInRequest(params: JsonObject, method: Json | undefined): readonly Found[] {
  checkNaming(params, namedBy(method))
  const found: Found[] = []
  const add = (sort: Sort, id: Json | undefined, put: Found['put']): void => {
    // Protocol buffers write an empty string if there is no id.
    if (id === null || id === '') return
    if (typeof id !== 'string' || id.length > MAX_ID_CHARS) throw new Refusal('body-invalid', `${sort} id`)
    if (found.push({ sort, id, put }) > MAX_IDS) throw tooManyIds()
  }
  const addAll = (object: JsonObject, key: string, sort: Sort): void => {
    const value = object[key]
    if (Array.isArray(value) && plainName(key) === LIST)
      for (const [index, id] of value.entries()) add(sort, id, (other) => (value[index] = other))
    else add(sort, value, (other) => (object[key] = other))
  }

  const left: (JsonObject | Json[])[] = [params]
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (Array.isArray(value)) {
      for (const item of value) if (hasMembers(item)) left.push(item)
      continue
    }
    const spelled = new Set<string>()
    for (const [key, member] of Object.entries(value)) {
      const name = plainName(key)
      // Only answers have these members. If an agent repeated one from a request, the gateway would
      // read it as the agent's own data about a task.
      if (name === 'task' || (name === 'kind' && typeof member === 'string' && member !== 'message'))
        throw new Refusal('body-invalid', 'an answer in a request')
      const sort = name === 'id' && value === params && isTaskById(method) ? 'task' : IDS.get(name)
      if (sort === undefined) {
        if (hasMembers(member) && !CONTENT.has(name)) left.push(member)
        continue
      }
      if (spelled.has(name)) throw new Refusal('body-invalid', 'a member in two spellings')
      spelled.add(name)
      addAll(value, key, sort)
    }
  }
  return found
}

const hasMembers = (value: Json | undefined): value is JsonObject | Json[] =>
  typeof value === 'object' && value !== null

function checkNaming(params: JsonObject, allowed: readonly string[]): void {
  const names = Object.keys(params)
    .map(plainName)
    .filter((name) => NAMING.has(name))
  if (new Set(names).size < names.length || names.some((name) => !allowed.includes(name)))
    throw new Refusal('body-invalid', 'a task is named otherwise here')
}
