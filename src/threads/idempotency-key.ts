import { sha256 } from '../sha256'
import type { Owner } from './owner'
import { uuidOf } from './uuid'

export const IDEMPOTENCY_KEY = 'idempotency-key'
const UUID_BYTES = 16

/**
 * Replaces an idempotency key by one that only its caller can have. Agents look up the keys of all
 * callers in one place, and could give one caller the answer to another. The new key is a UUID
 * (version 8), made from the route, the caller and the key, and the same each time.
 *
 * It needs no secret, because a caller who knows another's key cannot use it: a key that a caller
 * sends is always replaced.
 */
export async function withOwnIdempotencyKey(from: Headers, route: string, caller: Owner): Promise<Headers> {
  const key = from.get(IDEMPOTENCY_KEY) ?? ''
  const who = JSON.stringify([IDEMPOTENCY_KEY, route, caller.identityProvider, caller.userId, key])
  const own = uuidOf((await sha256(who)).subarray(0, UUID_BYTES))
  const headers = new Headers(from)
  // In the draft of this header, the value is in quotes. Most servers also take it without.
  headers.set(IDEMPOTENCY_KEY, key.startsWith('"') ? `"${own}"` : own)
  return headers
}
