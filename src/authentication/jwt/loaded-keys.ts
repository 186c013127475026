import { createLocalJWKSet } from 'jose'
import { joseCode } from './fault'
import type { KeySetDocument } from './key-set'
import { elapsed } from './lookups'

/** A set whose age is below this is used as it is; what the provider's `max-age` says counts within these bounds. */
const FRESH_MS = { least: 60_000, usual: 600_000, most: 3_600_000 }

/** A key set that tokens are verified with. */
export interface KeySet {
  readonly select: ReturnType<typeof createLocalJWKSet>
  /** Those of the set that have been selected so far. */
  readonly selected: WeakSet<CryptoKey>
  readonly fetchedAt: number
  readonly freshMs: number
  /** Whether the log has been told of a key of it that cannot be used. */
  hasTold: boolean
}

export function keySet({ keys, fetchedAt, maxAgeMs }: KeySetDocument): KeySet {
  const freshMs = Math.min(Math.max(maxAgeMs ?? FRESH_MS.usual, FRESH_MS.least), FRESH_MS.most)
  const select = createLocalJWKSet({ keys: [...keys] })
  return { select, selected: new WeakSet(), fetchedAt, freshMs, hasTold: false }
}

export const isFresh = ({ fetchedAt, freshMs }: KeySet, now: number): boolean => elapsed(fetchedAt, now) < freshMs

/** Whether a set was fetched between two moments, which no set was that a clock ahead of time has dated. */
export const isFetchedBetween = ({ fetchedAt }: KeySet, begin: number, end: number): boolean =>
  fetchedAt >= begin && fetchedAt <= end

const NO_ONE_KEY: ReadonlySet<unknown> = new Set(['ERR_JWKS_NO_MATCHING_KEY', 'ERR_JWKS_MULTIPLE_MATCHING_KEYS'])

/**
 * The key of a set that fits. It is matched on `kid`, `kty`, `use`, `key_ops` and `alg`.
 * @throws what importing a key throws that is none
 */
export async function select(
  keyOf: KeySet['select'],
  alg: string,
  kid: string | undefined,
): Promise<CryptoKey | undefined> {
  try {
    return await keyOf(kid === undefined ? { alg } : { alg, kid })
  } catch (thrown) {
    if (NO_ONE_KEY.has(joseCode(thrown))) return undefined
    throw thrown
  }
}
