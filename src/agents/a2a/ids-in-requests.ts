import { Refusal } from '../../errors/refusal'
import { type Json, type JsonObject, plainName } from '../../json'
import { MAX_IDS, tooManyIds } from '../../threads/ids'
import type { Sort } from '../../threads/sort'

/** The only member that holds a list of ids. */
const LIST = 'referencetaskids'

/**
 * Members that hold an id or a list of ids, by plain name: protocol buffers are read in two
 * spellings.
 */
const IDS: ReadonlyMap<string, Sort> = new Map([
  ['taskid', 'task'],
  ['contextid', 'context'],
  [LIST, 'task'],
])

/** Members with the text that people and agents exchange. An id in it is only a word. */
const CONTENT = new Set(['metadata', 'parts', 'content', 'data'])

/**
 * Members by which a request names its object. Resource names (`tasks/1`) repeat the path of REST
 * 0.3.
 */
const NAMING = new Set(['id', 'taskid', 'name', 'parent'])

const BY_ID = ['id']
const BY_TASK_ID = ['taskid']
/** Beside a `taskId`, the `id` is that of a configuration. */
const CONFIG = ['taskid', 'id']

/**
 * The naming members of a request, by the method of JSON-RPC or the operation of the REST path. The
 * members that the caller sends may not decide it. Otherwise a server could read an `id` as a
 * task's while the gateway takes it for a configuration's. Other methods have none.
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
  // The path names the task, and clients repeat it in the body.
  ['task.cancel', [...BY_ID, 'name']],
  ['task.subscribe', [...BY_ID, 'name']],
  ['push.create', [...CONFIG, 'name', 'parent']],
])

/** The limit for ids of other kinds, and a mark. */
const MAX_ID_CHARS = 256 + 44

/** An id in a request, and a function that replaces it. */
export interface Found {
  readonly sort: Sort
  readonly id: string
  put(id: string): void
}

const namedBy = (method: Json | undefined): readonly string[] =>
  (typeof method === 'string' ? NAMED_BY.get(method) : undefined) ?? []

/** Tells whether the `id` in the parameters of this method is a task's. */
export function isTaskById(method: Json | undefined): boolean {
  const names = namedBy(method)
  return names.includes('id') && !names.includes('taskid')
}

/**
 * Finds the ids in a request's parameters, at any depth except in content.
 *
 * @param method of JSON-RPC, or the operation of a REST path
 * @throws Refusal `body-invalid` for a value that is no id, for a member in two spellings, and for
 *   a naming member that the method does not have
 */
export function idsInRequest(params: JsonObject, method: Json | undefined): readonly Found[] {
  checkNaming(params, namedBy(method))
  const found: Found[] = []
  const add = (sort: Sort, id: Json | undefined, put: Found['put']): void => {
    // Protocol buffers write an empty id where there is none.
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
      // No request has such a member. If an agent repeated it, the gateway would take it for the
      // agent's own statement about a task.
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
