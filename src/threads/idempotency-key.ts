import { sha256 } from '../sha256'
import type { Owner } from './owner'
import { uuidOf } from './uuid'

export const IDEMPOTENCY_KEY = 'idempotency-key'
const UUID_BYTES = 16

/**
 * Makes an idempotency key its caller's own: agents look such keys up among those of all callers,
 * and would answer one caller with what another was told. The key that the agent gets is a UUID
 * (version 8) of the route, the caller and the key, the same each time.
 *
 * No secret is in it, because it opens nothing: whatever a caller sends is put through this again.
 */
export async function withOwnIdempotencyKey(from: Headers, route: string, caller: Owner): Promise<Headers> {
  const key = from.get(IDEMPOTENCY_KEY) ?? ''
  const who = JSON.stringify([IDEMPOTENCY_KEY, route, caller.identityProvider, caller.userId, key])
  const own = uuidOf((await sha256(who)).subarray(0, UUID_BYTES))
  const headers = new Headers(from)
  // The draft of that header has its value in quotes; most servers take it without.
  headers.set(IDEMPOTENCY_KEY, key.startsWith('"') ? `"${own}"` : own)
  return headers
}
