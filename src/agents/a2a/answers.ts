import { isObject, type Json, parseJson, plainName } from '../../json'
import type { Sort } from '../../threads/ids'

/** What stands in a place of an answer: an id, the resource name of what a task has, or an object with places of its own. */
type Entry = Sort | 'name' | Shape
/** By the plain name of the member. A list has the shape of what is in it. */
type Shape = ReadonlyMap<string, Entry>

const shape = (members: Readonly<Record<string, Entry>>): Shape => new Map(Object.entries(members))

/*
 * Where A2A 1.0 and 0.3 have ids (a2a.proto and types.ts of the specification). An id in any other place was maybe written by the
 * caller, and with a mark on it would open what it names.
 */
const MESSAGE = shape({ taskid: 'task', contextid: 'context', referencetaskids: 'task' })
const STATUS = shape({ message: MESSAGE })
const TASK = shape({ id: 'task', contextid: 'context', status: STATUS, history: MESSAGE })
const UPDATE = shape({ taskid: 'task', contextid: 'context', status: STATUS })
const PUSH = { taskid: 'task', name: 'name' } as const
const CONFIG = shape({ ...PUSH, configs: shape(PUSH) })
/** A payload of 1.0, and of REST in 0.3. */
const WRAPPED = shape({ task: TASK, message: MESSAGE, msg: MESSAGE, statusupdate: UPDATE, artifactupdate: UPDATE })
/** One of JSON-RPC in 0.3, by its `kind`. */
const KINDS = shape({ task: TASK, message: MESSAGE, 'status-update': UPDATE, 'artifact-update': UPDATE })

const ANSWERS = shape({
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

/** A string of an answer that is an id, or has one in it, and where it stands with its quotes. */
export interface Written {
  readonly sort: Sort | 'name'
  readonly text: string
  readonly from: number
  readonly to: number
}

/** What has to be told apart in valid JSON to know where one stands. */
const TOKEN = /["{}[\]]/g
const COLON = /\s*:/y

/**
 * The ids in an answer, as they stand in its text: written anew from what `JSON.parse` gives, `1.0` and great numbers would be
 * others.
 *
 * @param isRpc whether the payload is the `result` of JSON-RPC: its `id` and its `error` repeat what the caller said
 */
export function idsInAnswer(text: string, operation: string, isRpc: boolean): readonly Written[] {
  const body = parseJson(text)
  if (body === undefined) return []
  const payload = isRpc ? (isObject(body) ? body.result : undefined) : body
  const expected = shapeOf(payload, operation)
  if (expected === undefined) return []
  const written: Written[] = []
  const open: (Entry | undefined)[] = []
  let here: Entry | undefined = isRpc ? shape({ result: expected }) : expected
  for (let from = next(TOKEN, text, 0); from >= 0; ) {
    let to = from + 1
    if (text[from] === '"') {
      to = endOfString(text, from)
      const around = open.at(-1)
      const isName = next(COLON, text, to) >= 0
      if (isName) here = around instanceof Map ? around.get(plainName(JSON.parse(text.slice(from, to)))) : undefined
      else if (typeof here === 'string') written.push({ sort: here, text: JSON.parse(text.slice(from, to)), from, to })
    } else if (text[from] === '{' || text[from] === '[') open.push(here)
    // A list goes on with what it holds; in an object, the next name says it.
    else here = open.pop()
    from = next(TOKEN, text, to)
  }
  return written
}

/** Where the next match is, or -1. */
function next(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? -1
}

/** A regular expression for all of a string would need the stack for each of its escapes. */
function endOfString(text: string, from: number): number {
  for (let quote = text.indexOf('"', from + 1); ; quote = text.indexOf('"', quote + 1)) {
    let before = quote
    while (text[before - 1] === '\\') before--
    if ((quote - before) % 2 === 0) return quote + 1
  }
}
