import { base64url } from 'jose'
import { Refusal } from '../errors/refusal'
import type { ThreadKeys } from './secret'
import type { Sort } from './sort'
import { uuidOf } from './uuid'

/**
 * The most ids that a request may name. The gateway computes one or two digests for each id, and a
 * body could contain a million ids.
 */
export const MAX_IDS = 100

export const tooManyIds = (): Refusal =>
  new Refusal('body-invalid', 'too many ids', { limit: { name: 'ids', most: MAX_IDS } })

/**
 * The functions for the ids of one request, for one owner on one route. Answers may contain any
 * number of ids.
 *
 * `derive`, `open` and `toAgent` throw Refusal `body-invalid` for the 101st id that a request
 * names.
 */
export interface Ids {
  /**
   * Returns a UUID (version 8, RFC 9562 section 5.8) in place of an id that the caller chose. The
   * same id always gives the same UUID, but a different UUID for each owner, route and sort.
   * Nothing is stored, so no caller can occupy an id that another caller wants to use.
   */
  derive(sort: Sort, chosen: string): Promise<string>
  /**
   * Seals an id that the agent issued: adds an HMAC-SHA-256 (43 characters of base64url), which
   * proves that the id belongs to this owner.
   */
  seal(sort: Sort, given: string): Promise<string>
  /**
   * Returns the id without its seal; undefined if the seal is missing or belongs to another owner.
   */
  open(sort: Sort, sealed: string): Promise<string | undefined>
  /**
   * Returns the id without its seal, for the agent that issued it. An id without this owner's seal
   * is replaced by an id that the agent has never issued.
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
