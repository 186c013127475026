import type { TokenReason } from '../errors/reasons'
import { type Mismatch, Refusal } from '../errors/refusal'

/** Returns the refusal of a token. @param mismatch details that only the operator sees */
export const refuseToken = (reason: TokenReason, mismatch?: Mismatch): Refusal =>
  new Refusal('token-invalid', reason, mismatch && { mismatch })
