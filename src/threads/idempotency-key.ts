import { sha256 } from '../sha256'
import type { Owner } from './owner'
import { uuidOf } from './uuid'

export const IDEMPOTENCY_KEY = 'idempotency-key'
const UUID_BYTES = 16

/**
 * Replaces an idempotency key by one that only its caller can have. Agents look up the keys of all
 * callers in one place, so an agent could give one caller the answer to another. The new key is a
 * UUID (version 8). It is computed from the route, the caller and the caller's key, so it is the
 * same each time.
 *
 * The computation needs no secret. A caller who knows another caller's new key cannot use it,
 * because the gateway replaces every key that a caller sends.
 */
export async function withOwnIdempotencyKey(from: Headers, route: string, caller: Owner): Promise<Headers> {
  const key = from.get(IDEMPOTENCY_KEY) ?? ''
  const who = JSON.stringify([IDEMPOTENCY_KEY, route, caller.identityProvider, caller.userId, key])
  const own = uuidOf((await sha256(who)).subarray(0, UUID_BYTES))
  const headers = new Headers(from)
  // In the IETF draft of this header, the value is in quotes. Most servers also accept a value
  // without quotes, so the new key has quotes only if the caller's key has them.
  headers.set(IDEMPOTENCY_KEY, key.startsWith('"') ? `"${own}"` : own)
  return headers
}
