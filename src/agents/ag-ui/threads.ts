import { Refusal } from '../../errors/refusal'
import type { Ids, Sort } from '../../threads/ids'
import {
  isObject,
  type Json,
  type JsonObject,
  jsonIn,
  plainName,
  refuseOtherSpellings,
  removeSpellings,
} from '../adapter'
import type { Restoration, ThreadKeeping } from '../thread-isolation'

/** Longer ones are no ids. */
const MAX_ID_CHARS = 256

/** Members of `RunAgentInput` that are ids which an agent looks something up by. */
const IDS: ReadonlyMap<string, Sort> = new Map([
  ['threadid', 'thread'],
  ['runid', 'run'],
  ['parentrunid', 'run'],
])
const ID_NAMES = new Set(IDS.keys())

/** Where agents that spread `forwardedProps` into a run would find an id that nobody has looked at. */
const IDS_IN_PROPS = new Set(
  ['thread_id', 'run_id', 'parent_run_id', 'session_id', 'conversation_id', 'fork_session'].map(plainName),
)

/** Ids that were put in place of the caller's, by what stands in their place. */
export class Replaced {
  readonly #chosen = new Map<string, string>()

  constructor(readonly ids: Ids) {}

  /** @throws Refusal `body-invalid` for what is no id */
  async put(sort: Sort, chosen: Json | undefined): Promise<string> {
    if (typeof chosen !== 'string' || chosen === '' || chosen.length > MAX_ID_CHARS || !chosen.isWellFormed())
      throw new Refusal('body-invalid', `${sort} id`)
    const derived = await this.ids.derive(sort, chosen)
    this.#chosen.set(derived, chosen)
    return derived
  }

  /**
   * Puts the caller's ids back, wherever in a text of JSON they stand: they are UUIDs, so they are found as they are. All at once,
   * since what is put back may look like what has yet to be. Undefined where there is nothing to put back.
   */
  get restoration(): Restoration | undefined {
    if (this.#chosen.size === 0) return undefined
    const derived = new RegExp([...this.#chosen.keys()].join('|'), 'g')
    const restore = (text: string): string =>
      text.replace(derived, (id) => JSON.stringify(this.#chosen.get(id)).slice(1, -1))
    return { events: restore, answer: restore }
  }
}

/**
 * `RunAgentInput` with ids that are its caller's alone. It changes what it is given.
 * @throws Refusal `body-invalid` for what is no id, and for an id in two spellings
 */
export async function withOwnIds(input: Json | undefined, replaced: Replaced): Promise<Json | undefined> {
  if (!isObject(input)) return input
  refuseOtherSpellings(input, ID_NAMES)
  for (const key of Object.keys(input)) {
    const sort = IDS.get(plainName(key))
    if (sort !== undefined && input[key] !== null) input[key] = await replaced.put(sort, input[key])
  }
  for (const props of propsOf(input)) {
    removeSpellings(props, IDS_IN_PROPS)
    if (isObject(props.checkpoint)) removeSpellings(props.checkpoint, IDS_IN_PROPS)
    // Claude's SDK goes on with any session that it is told here, if need be in a list. An answer to an interrupt, which MAF takes
    // here, is an object.
    if (!(Array.isArray(props.resume) ? props.resume : [props.resume]).every(isObject)) delete props.resume
    if (isObject(props.command)) await withOwnInterrupt(props.command, replaced)
  }
  return input
}

/** Mastra's runs go on by `command.interruptEvent`, an object or its text, and are found by their id alone. */
async function withOwnInterrupt(command: JsonObject, replaced: Replaced): Promise<void> {
  const given = command.interruptEvent
  if (given === undefined || given === null) return
  const event = typeof given === 'string' ? jsonIn(given) : given
  if (!isObject(event)) throw new Refusal('body-invalid', 'interruptEvent')
  await withOwnIds(event, replaced)
  command.interruptEvent = typeof given === 'string' ? JSON.stringify(event) : event
}

/** Members that a run has in any case. */
const ALWAYS = ['threadId', 'runId'] as const

/**
 * The same for the input of a run, which has a thread and an id in any case: an agent that is told of none may keep one for all
 * who tell it of none, or make one that nobody has put another in place of.
 *
 * @param newId made up for a caller who gives none; it is what the answer calls the thread or the run
 */
export async function withOwnThreadIds(
  input: Json | undefined,
  replaced: Replaced,
  newId: () => string,
): Promise<Json | undefined> {
  if (isObject(input)) {
    for (const key of Object.keys(input)) if (input[key] === null && ID_NAMES.has(plainName(key))) delete input[key]
    const given = new Set(Object.keys(input).map(plainName))
    for (const name of ALWAYS) if (!given.has(plainName(name))) input[name] = newId()
  }
  return withOwnIds(input, replaced)
}

const propsOf = (input: JsonObject): JsonObject[] =>
  Object.entries(input).flatMap(([key, value]) =>
    plainName(key) === 'forwardedprops' && isObject(value) ? [value] : [],
  )

/** Ids are put back in text: whoever takes anything, or protocol buffers, would have those of some servers. */
function wantingText(from: Headers): Headers {
  const headers = new Headers(from)
  headers.set('accept', 'text/event-stream')
  return headers
}

const keep: ThreadKeeping['keep'] = async (passing, { endpoint }, { ids, newId }) => {
  const replaced = new Replaced(ids)
  const body = await withOwnThreadIds(passing.body, replaced, newId)
  const headers = endpoint.operation === 'run.stream' ? wantingText(passing.headers) : passing.headers
  return { ...passing, headers, body, restoration: replaced.restoration }
}

/** AG-UI: the agent knows every conversation under a name that only its owner can bring about. */
export const agUiThreads: ThreadKeeping = { sharedOnly: new Set(), keep }

/** What stands before this in the id of an interrupt is a run's id, to Mastra. */
const RUN_OF_INTERRUPT = /^(.+?)(?=::)/s

/** Mastra, which finds the run that an answer is for by the id of the interrupt, whatever the thread. */
export const mastraThreads: ThreadKeeping = {
  ...agUiThreads,
  async keep(passing, asked, keeper) {
    const { body } = passing
    for (const answer of isObject(body) && Array.isArray(body.resume) ? body.resume : []) {
      if (!isObject(answer)) throw new Refusal('body-invalid', 'resume')
      refuseOtherSpellings(answer, INTERRUPT)
      for (const key of Object.keys(answer)) {
        const id = answer[key]
        if (!INTERRUPT.has(plainName(key)) || typeof id !== 'string') continue
        const run = RUN_OF_INTERRUPT.exec(id)?.[1] ?? id
        answer[key] = (await keeper.ids.derive('run', run)) + id.slice(run.length)
      }
    }
    return keep(passing, asked, keeper)
  },
}
const INTERRUPT = new Set(['interruptid'])
