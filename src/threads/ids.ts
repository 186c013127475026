import { base64url } from 'jose'
import { Refusal } from '../errors/refusal'
import type { ThreadKeys } from './secret'
import type { Sort } from './sort'
import { uuidOf } from './uuid'

/**
 * As many ids may a request name. Each costs a digest or two, and a body has room for a million.
 */
export const MAX_IDS = 100

export const tooManyIds = (): Refusal =>
  new Refusal('body-invalid', 'too many ids', { limit: { name: 'ids', most: MAX_IDS } })

/**
 * The ids of one request, in the name of its owner on one route. Answers may have any number.
 *
 * `derive`, `open` and `toAgent` throw Refusal `body-invalid` for the 101st id that a request
 * names.
 */
export interface Ids {
  /**
   * A UUID (version 8, RFC 9562 section 5.8) in place of an id that the caller chose: the same each
   * time, and for no other owner, route or sort. Nothing is stored, so nobody can take an id before
   * somebody else.
   */
  derive(sort: Sort, chosen: string): Promise<string>
  /**
   * An id that the agent gave, with a mark (HMAC-SHA-256, 43 characters of base64url) that it is
   * this owner's.
   */
  seal(sort: Sort, given: string): Promise<string>
  /** The id that was sealed; undefined where the mark is missing or another's. */
  open(sort: Sort, sealed: string): Promise<string | undefined>
  /**
   * For ids that the agent gives: what is not sealed for this owner becomes an id that the agent
   * never gave to anybody.
   */
  toAgent(sort: Sort, given: string): Promise<string>
}

const MARK_CHARS = 43
const UUID_BYTES = 16

export function idsOf({ current, previous, original }: ThreadKeys, route: string, owner: string): Ids {
  const message = (use: 'derive' | 'seal', sort: Sort, id: string) =>
    new TextEncoder().encode(JSON.stringify([use, sort, route, owner, id]))
  const mac = async (key: CryptoKey, ...words: Parameters<typeof message>) =>
    new Uint8Array(await crypto.subtle.sign('HMAC', key, message(...words)))

  const derived = async (sort: Sort, chosen: string) =>
    uuidOf((await mac(original, 'derive', sort, chosen)).subarray(0, UUID_BYTES))
  const opened = async (sort: Sort, sealed: string): Promise<string | undefined> => {
    const dot = sealed.length - MARK_CHARS - 1
    if (dot < 1 || sealed[dot] !== '.') return undefined
    const given = sealed.slice(0, dot)
    const mark = markOf(sealed.slice(dot + 1))
    if (!mark) return undefined
    for (const key of [current, previous])
      if (key && (await crypto.subtle.verify('HMAC', key, mark, message('seal', sort, given)))) return given
    return undefined
  }
  let named = 0
  const count = (): void => {
    if (++named > MAX_IDS) throw tooManyIds()
  }

  return {
    async derive(sort, chosen) {
      count()
      return derived(sort, chosen)
    },
    seal: async (sort, given) => `${given}.${base64url.encode(await mac(current, 'seal', sort, given))}`,
    async open(sort, sealed) {
      count()
      return opened(sort, sealed)
    },
    async toAgent(sort, given) {
      count()
      return (await opened(sort, given)) ?? derived(sort, given)
    },
  }
}

function markOf(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return new Uint8Array(base64url.decode(text))
  } catch {
    return undefined
  }
}
