import { errors } from 'jose'
import { Refusal } from '../../errors/refusal'

/** Why a token was not accepted: for the audit line, never for the caller. */
export type TokenFault =
  | 'form'
  | 'header'
  | 'algorithm'
  | 'type'
  | 'critical'
  | 'issuer'
  | 'key'
  | 'signature'
  | 'audience'
  | 'not-yet-valid'
  | 'lifetime'
  | 'subject'
  | 'id-token'
  | 'sender-constrained'
  | `claim-missing ${string}`
  | `claim-invalid ${string}`

export const refuseToken = (fault: TokenFault): Refusal => new Refusal('token-invalid', fault)

/**
 * What jose threw while verifying, as a refusal. It is exhaustive in effect: a code that is not the token's own fault is
 * "cannot verify" (503), never "invalid".
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
