import type { TokenReason } from '../errors/reasons'
import { type Mismatch, Refusal } from '../errors/refusal'

/** @param mismatch for the operator alone */
export const refuseToken = (reason: TokenReason, mismatch?: Mismatch): Refusal =>
  new Refusal('token-invalid', reason, mismatch && { mismatch })
