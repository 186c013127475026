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

/** Members of `RunAgentInput` with ids by which an agent looks something up. */
const IDS: ReadonlyMap<string, Sort> = new Map([
  ['threadid', 'thread'],
  ['runid', 'run'],
  ['parentrunid', 'run'],
])
const ID_NAMES = new Set(IDS.keys())

/**
 * Members of `forwardedProps` with ids that are removed. Agents that copy the props into a run
 * would use them unchecked.
 */
const IDS_IN_PROPS = new Set(
  ['thread_id', 'run_id', 'parent_run_id', 'session_id', 'conversation_id', 'fork_session'].map(plainName),
)

/**
 * Replaces the ids in a `RunAgentInput` with derived ones that are the caller's alone. It changes
 * the input that it is given.
 * @throws Refusal `body-invalid` for a value that is no id, and for an id in two spellings
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
    // Claude's SDK continues any session that is named here, even in a list. MAF takes the answer
    // to an interrupt here, which is an object.
    if (!(Array.isArray(props.resume) ? props.resume : [props.resume]).every(isObject)) delete props.resume
    if (isObject(props.command)) await withOwnInterrupt(props.command, derived)
  }
  return input
}

/**
 * Replaces the ids in `command.interruptEvent`, an object or its text. Mastra continues a run by
 * it, and finds the run by its id alone.
 */
async function withOwnInterrupt(command: JsonObject, derived: DerivedIds): Promise<void> {
  const given = command.interruptEvent
  if (given === undefined || given === null) return
  const event = typeof given === 'string' ? parseJson(given) : given
  if (!isObject(event)) throw new Refusal('body-invalid', 'interruptEvent')
  await withOwnIds(event, derived)
  command.interruptEvent = typeof given === 'string' ? JSON.stringify(event) : event
}

/** Members that every run must have. */
const ALWAYS = ['threadId', 'runId'] as const

/**
 * Does the same for the input of a run, and adds a thread id and a run id where they are missing.
 * Otherwise an agent may use one for all callers who send none, or generate an id that the gateway
 * has not replaced.
 *
 * @param newId makes an id for a caller who sends none; the answer names the thread or the run by
 *   it
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
