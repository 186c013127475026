import { errors } from 'jose'
import type { TokenReason } from '../../errors/reasons'
import { Refusal } from '../../errors/refusal'

export const refuseToken = (reason: TokenReason): Refusal => new Refusal('token-invalid', reason)

/**
 * Makes a refusal of an error that jose threw while verifying. It is exhaustive in effect: a code
 * that is not the fault of the token is "cannot verify" (503), never "invalid".
 */
export function tokenRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown
  if (thrown instanceof errors.JWTExpired) return new Refusal('token-expired')
  if (thrown instanceof errors.JWTClaimValidationFailed) return claimRefusal(thrown)
  if (thrown instanceof errors.JWSSignatureVerificationFailed) return refuseToken('signature')
  if (thrown instanceof errors.JOSEAlgNotAllowed) return refuseToken('algorithm')
  if (thrown instanceof errors.JWTInvalid || thrown instanceof errors.JWSInvalid) return refuseToken('form')
  if (thrown instanceof errors.JOSENotSupported) return refuseToken('algorithm')
  return new Refusal('keys-unavailable', thrown instanceof Error ? thrown.name : 'unknown')
}

function claimRefusal({ claim, reason }: errors.JWTClaimValidationFailed): Refusal {
  if (reason === 'missing') return refuseToken(`claim-missing ${claim}`)
  if (claim === 'aud') return refuseToken('audience')
  if (claim === 'iss') return refuseToken('issuer')
  if (claim === 'nbf' && reason === 'check_failed') return refuseToken('not-yet-valid')
  return refuseToken(`claim-invalid ${claim}`)
}
