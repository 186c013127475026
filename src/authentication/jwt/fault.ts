import type { TokenReason } from '../../errors/reasons'
import { type Mismatch, Refusal } from '../../errors/refusal'

/** @param mismatch for the operator alone */
export const refuseToken = (reason: TokenReason, mismatch?: Mismatch): Refusal =>
  new Refusal('token-invalid', reason, mismatch && { mismatch })

/** Makes a refusal of what was thrown while verifying: what is not the fault of the token is "cannot verify" (503), never "invalid". */
export function tokenRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown
  return new Refusal('keys-unavailable', thrown instanceof Error ? thrown.name : 'unknown')
}
