import { Refusal } from '../errors/refusal'
import type { Json } from '../json'
import type { Ids } from '../threads/ids'
import type { Sort } from '../threads/sort'
import type { AnswerChange } from './answer-change'

/** Longer texts are refused as ids. */
const MAX_ID_CHARS = 256

/** The ids of one request, each with the derived id that replaces it. */
export class DerivedIds {
  readonly #chosen = new Map<string, string>()

  constructor(readonly ids: Ids) {}

  /** @throws Refusal `body-invalid` for a value that is no id */
  async put(sort: Sort, chosen: Json | undefined): Promise<string> {
    if (typeof chosen !== 'string' || chosen === '' || chosen.length > MAX_ID_CHARS || !chosen.isWellFormed())
      throw new Refusal('body-invalid', `${sort} id`)
    const derived = await this.ids.derive(sort, chosen)
    this.#chosen.set(derived, chosen)
    return derived
  }

  /**
   * Puts the caller's ids back everywhere in a JSON text. The derived ids are UUIDs, so JSON never
   * escapes them. All are replaced in one pass, because a restored id may look like a derived one.
   * Undefined where there is nothing to put back.
   */
  get change(): AnswerChange | undefined {
    if (this.#chosen.size === 0) return undefined
    const derived = new RegExp([...this.#chosen.keys()].join('|'), 'g')
    const restore = (text: string): string =>
      text.replace(derived, (id) => JSON.stringify(this.#chosen.get(id)).slice(1, -1))
    return { events: restore, answer: restore }
  }
}
