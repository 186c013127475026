import { Refusal } from '../errors/refusal'
import type { Json } from '../json'
import type { Ids } from '../threads/ids'
import type { Sort } from '../threads/sort'
import type { AnswerChange } from './answer-change'

/** The most characters of an id. The gateway refuses longer ids. */
const MAX_ID_CHARS = 256

/**
 * The ids that the caller chose in one request. Instead of each chosen id, the agent receives a
 * derived id: a UUID that is different for each owner.
 */
export class DerivedIds {
  readonly #chosen = new Map<string, string>()

  constructor(readonly ids: Ids) {}

  /**
   * Returns the derived id for an id that the caller chose.
   * @throws Refusal `body-invalid` for a value that is not a valid id
   */
  async put(sort: Sort, chosen: Json | undefined): Promise<string> {
    if (typeof chosen !== 'string' || chosen === '' || chosen.length > MAX_ID_CHARS || !chosen.isWellFormed())
      throw new Refusal('body-invalid', `${sort} id`)
    const derived = await this.ids.derive(sort, chosen)
    this.#chosen.set(derived, chosen)
    return derived
  }

  /**
   * The change that puts the caller's ids back everywhere in the JSON text of an answer; undefined
   * if the request contained no ids. Derived ids are UUIDs, so JSON never escapes them. All ids are
   * replaced in one pass, because an id that the caller chose may look like a derived one.
   */
  get change(): AnswerChange | undefined {
    if (this.#chosen.size === 0) return undefined
    const derived = new RegExp([...this.#chosen.keys()].join('|'), 'g')
    const restore = (text: string): string =>
      text.replace(derived, (id) => JSON.stringify(this.#chosen.get(id)).slice(1, -1))
    return { events: restore, answer: restore }
  }
}
