import type { JWK } from 'jose'
import { elapsed } from '../../elapsed'
import { fitsAlgorithm, importKey, isWeak, type JwsAlgorithm, publicMembers } from '../../jws'
import { refuseToken } from '../refuse-token'
import type { KeySetDocument } from './key-set'

/**
 * How long a key set is fresh, which means used without a new fetch. It is the provider's `max-age`
 * within `least` and `most`, or `usual` if the provider states none.
 */
const FRESH_MS = { least: 60_000, usual: 600_000, most: 3_600_000 }

/**
 * The most keys that are tried for a token without `kid`. Each try costs a verification, even for a
 * token that is made up.
 */
const MOST_TRIED = 4

/** A key set that tokens are verified with. */
export interface KeySet {
  readonly keys: readonly JWK[]
  /** The keys that have been imported so far, by algorithm and public members. */
  readonly imported: Map<string, CryptoKey>
  /** The keys that have been found so far, by algorithm and `kid`. */
  readonly found: Map<string, readonly CryptoKey[]>
  /** The keys that `select` has found in this set so far. */
  readonly selected: WeakSet<CryptoKey>
  readonly fetchedAt: number
  readonly freshMs: number
  /** Whether an unusable key of this set has been logged. */
  hasTold: boolean
}

export function keySet({ keys, fetchedAt, maxAgeMs }: KeySetDocument): KeySet {
  const freshMs = Math.min(Math.max(maxAgeMs ?? FRESH_MS.usual, FRESH_MS.least), FRESH_MS.most)
  return { keys, imported: new Map(), found: new Map(), selected: new WeakSet(), fetchedAt, freshMs, hasTold: false }
}

export const isFresh = ({ fetchedAt, freshMs }: KeySet, now: number): boolean => elapsed(fetchedAt, now) < freshMs

/**
 * Tells whether a set was fetched between two moments. If the clock was ahead at that time, the
 * set's time may be in the future. The answer is then no.
 */
export const isFetchedBetween = ({ fetchedAt }: KeySet, begin: number, end: number): boolean =>
  fetchedAt >= begin && fetchedAt <= end

/**
 * Returns the keys of a set that may have signed a token. If the token names a `kid`, they are
 * those with this `kid` (RFC 7515 section 4.1.4), otherwise all that fit its algorithm. Equal keys
 * count as one.
 * @returns an empty list if the set has none
 * @throws the error of the import if none of the keys that fit can be used; Refusal `token-invalid`
 *   if too many fit
 */
export async function select(set: KeySet, alg: JwsAlgorithm, kid: string | undefined): Promise<readonly CryptoKey[]> {
  const asked = kid === undefined ? alg : `${alg} ${kid}`
  const before = set.found.get(asked)
  if (before) return before
  const found = new Set<CryptoKey>()
  let fault: { readonly thrown: unknown } | undefined
  for (const jwk of set.keys) {
    if ((kid !== undefined && jwk.kid !== kid) || !fitsAlgorithm(jwk, alg) || !mayVerify(jwk)) continue
    const name = alg + JSON.stringify(publicMembers(jwk, alg))
    try {
      const key = set.imported.get(name) ?? (await importStrong(jwk, alg))
      set.imported.set(name, key)
      set.selected.add(key)
      if (found.add(key).size > MOST_TRIED) break
    } catch (thrown) {
      fault = { thrown }
    }
  }
  if (found.size === 0 && fault) throw fault.thrown
  if (found.size > MOST_TRIED) {
    const expected = `a kid that names one key: more than ${MOST_TRIED} keys of the issuer fit`
    throw refuseToken('key', { found: kid === undefined ? 'no kid' : `the kid ${kid}`, expected })
  }
  const keys = [...found]
  // Only searches that found keys are remembered, because anyone can make up a `kid`.
  if (keys.length > 0) set.found.set(asked, keys)
  return keys
}

const mayVerify = ({ key_ops: operations }: JWK): boolean => !Array.isArray(operations) || operations.includes('verify')

async function importStrong(jwk: JWK, alg: JwsAlgorithm): Promise<CryptoKey> {
  const key = await importKey(jwk, alg, 'verify')
  if (isWeak(key)) throw new Error('an RSA key of less than 2,048 bits')
  return key
}
