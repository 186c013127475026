import { Refusal } from '../errors/refusal'
import type { Ids, Sort } from '../threads/ids'
import { isObject, type Json, type JsonObject, plainName, refuseOtherSpellings, removeSpellings } from './adapter'
import type { Restoration, ThreadKeeping } from './threads'

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
    // Claude's SDK goes on with any session that it is told here. An answer to an interrupt (MAF takes one here) is no text.
    if (typeof props.resume === 'string') delete props.resume
  }
  return input
}

/**
 * The same for the input of a run, which has a thread in any case: an agent that is told of none may keep one for all who tell it
 * of none.
 *
 * @param newId made up for a caller who gives none; it is what the answer calls the thread
 */
export async function withOwnThreadIds(
  input: Json | undefined,
  replaced: Replaced,
  newId: () => string,
): Promise<Json | undefined> {
  if (isObject(input)) {
    for (const key of Object.keys(input)) if (input[key] === null && plainName(key) === 'threadid') delete input[key]
    if (!Object.keys(input).some((key) => plainName(key) === 'threadid')) input.threadId = newId()
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

/** AG-UI: the agent knows every conversation under a name that only its owner can bring about. */
export const agUiThreads: ThreadKeeping = {
  sharedOnly: new Set(),
  async keep(passing, { endpoint }, { ids, newId }) {
    const replaced = new Replaced(ids)
    const body = await withOwnThreadIds(passing.body, replaced, newId)
    const headers = endpoint.operation === 'run.stream' ? wantingText(passing.headers) : passing.headers
    return { ...passing, headers, body, restoration: replaced.restoration }
  },
}
