import { Refusal } from '../../errors/refusal'
import { type Json, type JsonObject, plainName } from '../../json'
import { MAX_IDS, tooManyIds } from '../../threads/ids'
import type { Sort } from '../../threads/sort'

/** The one member that holds many. */
const LIST = 'referencetaskids'

/**
 * Members that hold an id, or a list of them, in whatever spelling: protocol buffers are read in
 * two.
 */
const IDS: ReadonlyMap<string, Sort> = new Map([
  ['taskid', 'task'],
  ['contextid', 'context'],
  [LIST, 'task'],
])

/** The text that people and agents exchange: an id in it is only a word. */
const CONTENT = new Set(['metadata', 'parts', 'content', 'data'])

/**
 * Members by which a request says what it is about. Resource names (`tasks/1`) are the path of REST
 * 0.3, said once more.
 */
const NAMING = new Set(['id', 'taskid', 'name', 'parent'])

const BY_ID = ['id']
const BY_TASK_ID = ['taskid']
/** Where there is a `taskId`, the `id` is a configuration's. */
const CONFIG = ['taskid', 'id']

/**
 * Which of them a request has, by the method of JSON-RPC or the operation of the REST path. The
 * caller may not decide that by what it sends: servers would read the `id` of a task where the
 * gateway took it for a configuration's. Not listed: it has none.
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
  // The path has said it, and clients say it once more.
  ['task.cancel', [...BY_ID, 'name']],
  ['task.subscribe', [...BY_ID, 'name']],
  ['push.create', [...CONFIG, 'name', 'parent']],
])

/** As long as other kinds have them, and a mark. */
const MAX_ID_CHARS = 256 + 44

/** An id in a request, and how another is put in its place. */
export interface Found {
  readonly sort: Sort
  readonly id: string
  put(id: string): void
}

const namedBy = (method: Json | undefined): readonly string[] =>
  (typeof method === 'string' ? NAMED_BY.get(method) : undefined) ?? []

/** Whether the `id` of these parameters is a task's. */
export function isTaskById(method: Json | undefined): boolean {
  const names = namedBy(method)
  return names.includes('id') && !names.includes('taskid')
}

/**
 * The ids in a request's parameters, at any depth but in content.
 *
 * @param method of JSON-RPC, or the operation of a REST path
 * @throws Refusal `body-invalid` for what is no id, for a member in two spellings, and for one that
 *   the method has not
 */
export function idsInRequest(params: JsonObject, method: Json | undefined): readonly Found[] {
  checkNaming(params, namedBy(method))
  const found: Found[] = []
  const add = (sort: Sort, id: Json | undefined, put: Found['put']): void => {
    // Protocol buffers have an empty one where there is none.
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
      // No request has one, and an agent that repeats what it was told may not be taken to speak of
      // a task.
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
