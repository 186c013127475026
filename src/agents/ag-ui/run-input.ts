import { Refusal } from '../../errors/refusal'
import {
  isObject,
  type Json,
  type JsonObject,
  parseJson,
  plainName,
  refuseOtherSpellings,
  removeSpellings,
} from '../../json'
import type { Sort } from '../../threads/sort'
import type { DerivedIds } from '../derived-ids'

/** Members of `RunAgentInput` with the ids by which an agent looks up threads and runs. */
const IDS: ReadonlyMap<string, Sort> = new Map([
  ['threadid', 'thread'],
  ['runid', 'run'],
  ['parentrunid', 'run'],
])
const ID_NAMES = new Set(IDS.keys())

/**
 * Members of `forwardedProps` with ids. The gateway removes them, because agents that copy
 * `forwardedProps` into a run would use the ids unchecked.
 */
const IDS_IN_PROPS = new Set(
  ['thread_id', 'run_id', 'parent_run_id', 'session_id', 'conversation_id', 'fork_session'].map(plainName),
)

/**
 * Replaces each id in a `RunAgentInput` by a derived id, which only requests of the same owner can
 * produce. It changes `input` itself.
 * @throws Refusal `body-invalid` for a value that is not an id, and for an id in two spellings
 */
export async function withOwnIds(input: Json | undefined, derived: DerivedIds): Promise<Json | undefined> {
  if (!isObject(input)) return input
  refuseOtherSpellings(input, ID_NAMES)
  for (const key of Object.keys(input)) {
    const sort = IDS.get(plainName(key))
    if (sort !== undefined && input[key] !== null) input[key] = await derived.put(sort, input[key])
  }
  for (const props of propsOf(input)) {
    removeSpellings(props, IDS_IN_PROPS)
    if (isObject(props.checkpoint)) removeSpellings(props.checkpoint, IDS_IN_PROPS)
    // Claude's SDK continues any session that `resume` names, even in a list. Microsoft Agent
    // Framework expects an object in `resume`, the answer to an interrupt.
    if (!(Array.isArray(props.resume) ? props.resume : [props.resume]).every(isObject)) delete props.resume
    if (isObject(props.command)) await withOwnInterrupt(props.command, derived)
  }
  return input
}

/**
 * Replaces the ids in `command.interruptEvent`, which is an object or JSON text. Mastra uses it to
 * continue a run, and finds the run by the run id alone.
 */
async function withOwnInterrupt(command: JsonObject, derived: DerivedIds): Promise<void> {
  const given = command.interruptEvent
  if (given === undefined || given === null) return
  const event = typeof given === 'string' ? parseJson(given) : given
  if (!isObject(event)) throw new Refusal('body-invalid', 'interruptEvent')
  await withOwnIds(event, derived)
  command.interruptEvent = typeof given === 'string' ? JSON.stringify(event) : event
}

/** Members that the input of every run must have. */
const ALWAYS = ['threadId', 'runId'] as const

/**
 * Replaces the ids in the input of a run, and adds a thread id and a run id if they are missing.
 * Without an id, an agent may use the same id for several callers, or generate one that the gateway
 * has not replaced.
 *
 * @param newId makes an id for a caller who sends none; the answer contains this id
 */
export async function withOwnThreadIds(
  input: Json | undefined,
  derived: DerivedIds,
  newId: () => string,
): Promise<Json | undefined> {
  if (isObject(input)) {
    for (const key of Object.keys(input)) if (input[key] === null && ID_NAMES.has(plainName(key))) delete input[key]
    const given = new Set(Object.keys(input).map(plainName))
    for (const name of ALWAYS) if (!given.has(plainName(name))) input[name] = newId()
  }
  return withOwnIds(input, derived)
}

const propsOf = (input: JsonObject): JsonObject[] =>
  Object.entries(input).flatMap(([key, value]) =>
    plainName(key) === 'forwardedprops' && isObject(value) ? [value] : [],
  )
