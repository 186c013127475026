import { answeredInTime } from '../../answered-in-time'
import { elapsed } from '../../elapsed'
import { Refusal } from '../../errors/refusal'
import type { Ports } from '../../ports'
import { refuseToken } from '../refuse-token'
import { idOfKey } from './form'
import { type ApiKeyRecord, readRecord } from './record'
import type { TrustedKeys } from './trusted-keys'

/** How long an isolate (running copy of the Worker) keeps a key's record that it has looked up. */
const KEPT_MS = 30_000
/** How long the platform caches a record, or its absence. It allows no shorter time. */
const CACHE_SECONDS = 30
const MOST_KEPT = 2_000
const WAIT_MS = 5_000

interface Kept {
  readonly record: ApiKeyRecord
  readonly at: number
}

/**
 * Finds the record of a key, by its name.
 * @throws Refusal `token-invalid` if there is none, `api-keys-unavailable` if the lookup fails
 */
export type LookUp = (keys: TrustedKeys, name: string) => Promise<ApiKeyRecord>

/**
 * Creates the lookup, which keeps found records by namespace and whole name. Names that were not
 * found are not kept here. Otherwise strangers could fill the memory with made-up keys.
 */
export function createLookUp({ now, after, log }: Pick<Ports, 'now' | 'after' | 'log'>): LookUp {
  const found = new Map<string, Kept>()
  return async ({ id, binding, namespace }, name) => {
    const key = `${binding} ${name}`
    const kept = found.get(key)
    if (kept && elapsed(kept.at, now()) < KEPT_MS) return kept.record
    found.delete(key)
    const read = namespace.get(name, { type: 'text', cacheTtl: CACHE_SECONDS })
    const json = await answeredInTime(after, WAIT_MS, read).catch((thrown: unknown) => {
      log(JSON.stringify({ event: 'api-keys-unreachable', keys: id, reason: String(thrown).slice(0, 200) }))
      return undefined
    })
    if (json === undefined) throw new Refusal('api-keys-unavailable', id)
    const record = json === null ? undefined : readRecord(json)
    if (json !== null && !record) log(JSON.stringify({ event: 'api-key-unreadable', keys: id, key: idOfKey(name) }))
    if (!record)
      throw refuseToken('key-unknown', {
        found: `key ${idOfKey(name)}`,
        expected: 'a key that exists and is not revoked',
      })
    if (found.size >= MOST_KEPT) found.delete(found.keys().next().value ?? '')
    found.set(key, { record, at: now() })
    return record
  }
}
