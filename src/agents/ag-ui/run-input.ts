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

/** Members of `RunAgentInput` that are ids which an agent looks something up by. */
const IDS: ReadonlyMap<string, Sort> = new Map([
  ['threadid', 'thread'],
  ['runid', 'run'],
  ['parentrunid', 'run'],
])
const ID_NAMES = new Set(IDS.keys())

/**
 * Where agents that spread `forwardedProps` into a run would find an id that nobody has looked at.
 */
const IDS_IN_PROPS = new Set(
  ['thread_id', 'run_id', 'parent_run_id', 'session_id', 'conversation_id', 'fork_session'].map(plainName),
)

/**
 * `RunAgentInput` with ids that are its caller's alone. It changes what it is given.
 * @throws Refusal `body-invalid` for what is no id, and for an id in two spellings
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
    // Claude's SDK goes on with any session that it is told here, if need be in a list. An answer
    // to an interrupt, which MAF takes here, is an object.
    if (!(Array.isArray(props.resume) ? props.resume : [props.resume]).every(isObject)) delete props.resume
    if (isObject(props.command)) await withOwnInterrupt(props.command, derived)
  }
  return input
}

/**
 * Mastra's runs go on by `command.interruptEvent`, an object or its text, and are found by their id
 * alone.
 */
async function withOwnInterrupt(command: JsonObject, derived: DerivedIds): Promise<void> {
  const given = command.interruptEvent
  if (given === undefined || given === null) return
  const event = typeof given === 'string' ? parseJson(given) : given
  if (!isObject(event)) throw new Refusal('body-invalid', 'interruptEvent')
  await withOwnIds(event, derived)
  command.interruptEvent = typeof given === 'string' ? JSON.stringify(event) : event
}

/** Members that a run has in any case. */
const ALWAYS = ['threadId', 'runId'] as const

/**
 * The same for the input of a run, which has a thread and an id in any case: an agent that is told
 * of none may keep one for all who tell it of none, or make one that nobody has put another in
 * place of.
 *
 * @param newId made up for a caller who gives none; it is what the answer calls the thread or the
 *   run
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
