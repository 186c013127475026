import type { errors } from 'jose'
import type { TokenReason } from '../../errors/reasons'
import { Refusal } from '../../errors/refusal'

export const refuseToken = (reason: TokenReason): Refusal => new Refusal('token-invalid', reason)

/** The code of an error of jose's. Its classes would all come along in the bundle, used or not. */
export const joseCode = (thrown: unknown): unknown => (thrown as { code?: unknown } | undefined)?.code

/**
 * Makes a refusal of an error that jose threw while verifying. It is exhaustive in effect: a code
 * that is not the fault of the token is "cannot verify" (503), never "invalid".
 */
export function tokenRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown
  switch (joseCode(thrown)) {
    case 'ERR_JWT_EXPIRED':
      return new Refusal('token-expired')
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      return claimRefusal(thrown as errors.JWTClaimValidationFailed)
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
      return refuseToken('signature')
    case 'ERR_JWT_INVALID':
    case 'ERR_JWS_INVALID':
      return refuseToken('form')
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
    case 'ERR_JOSE_NOT_SUPPORTED':
      return refuseToken('algorithm')
    default:
      return new Refusal('keys-unavailable', thrown instanceof Error ? thrown.name : 'unknown')
  }
}

function claimRefusal({ claim, reason }: errors.JWTClaimValidationFailed): Refusal {
  if (reason === 'missing') return refuseToken(`claim-missing ${claim}`)
  if (claim === 'aud') return refuseToken('audience')
  if (claim === 'iss') return refuseToken('issuer')
  if (claim === 'nbf' && reason === 'check_failed') return refuseToken('not-yet-valid')
  return refuseToken(`claim-invalid ${claim}`)
}
