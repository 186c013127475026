import { isObject, type Json, parseJson } from '../../json'
import type { Sort } from '../../threads/sort'
import { type Placed, type Shape, shape, stringsAt } from '../json-places'

/**
 * The sorts of text to find in an answer: an id, or a resource name such as
 * `tasks/1/pushNotificationConfigs/2`.
 */
type Sorts = Sort | 'name'
type Entry = Sorts | Shape<Sorts>

/*
 * Places of ids in A2A 1.0 and 0.3 (a2a.proto and types.ts of the specification). An id in any
 * other place may come from the caller. The gateway must not seal such an id (confirm by a
 * signature that it is the caller's). Otherwise the caller could reach another caller's task.
 */
const MESSAGE = shape<Sorts>({ taskid: 'task', contextid: 'context', referencetaskids: 'task' })
const STATUS = shape<Sorts>({ message: MESSAGE })
const TASK = shape<Sorts>({ id: 'task', contextid: 'context', status: STATUS, history: MESSAGE })
const UPDATE = shape<Sorts>({ taskid: 'task', contextid: 'context', status: STATUS })
const PUSH = { taskid: 'task', name: 'name' } as const
const CONFIG = shape<Sorts>({ ...PUSH, configs: shape(PUSH) })
/** The places of ids in an answer of A2A 1.0, and in a REST answer of 0.3. */
const WRAPPED = shape<Sorts>({
  task: TASK,
  message: MESSAGE,
  msg: MESSAGE,
  statusupdate: UPDATE,
  artifactupdate: UPDATE,
})
/** The places of ids in a JSON-RPC result of A2A 0.3, by the `kind` of the result. */
const KINDS = shape<Sorts>({ task: TASK, message: MESSAGE, 'status-update': UPDATE, 'artifact-update': UPDATE })

const ANSWERS = shape<Sorts>({
  'message.send': WRAPPED,
  'message.stream': WRAPPED,
  'task.subscribe': WRAPPED,
  'task.read': TASK,
  'task.cancel': TASK,
  'push.create': CONFIG,
  'push.read': CONFIG,
})

function shapeOf(payload: Json | undefined, operation: string): Entry | undefined {
  const expected = ANSWERS.get(operation)
  return expected === WRAPPED && isObject(payload) && typeof payload.kind === 'string'
    ? KINDS.get(payload.kind)
    : expected
}

/**
 * Finds the ids and resource names in the text of an answer.
 * @param isRpc whether the answer is JSON-RPC. Then only its `result` is searched, because its `id`
 *   and `error` may repeat text from the caller
 */
export function idsInAnswer(text: string, operation: string, isRpc: boolean): readonly Placed<Sorts>[] {
  const body = parseJson(text)
  if (body === undefined) return []
  const payload = isRpc ? (isObject(body) ? body.result : undefined) : body
  const expected = shapeOf(payload, operation)
  if (expected === undefined) return []
  return stringsAt<Sorts>(text, isRpc ? shape<Sorts>({ result: expected }) : expected)
}
