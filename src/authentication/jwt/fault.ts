import { Refusal } from '../../errors/refusal'
import { refuseToken } from '../refuse-token'
import { shown } from './shown'

export const A_JWT = 'a signed JWT: three parts in base64url'
const FORMS = {
  form: 'something else: cut off, over 16,384 characters, with an extra character, or without JSON inside',
  opaque: 'an opaque token, which only its provider can read',
  encrypted: 'an encrypted token (Auth0: the sign-in named no audience; OpenIddict: DisableAccessTokenEncryption())',
} as const

/** Returns the refusal of a text that is not a signed JWT. */
export const refuseForm = (form: keyof typeof FORMS): Refusal =>
  refuseToken(form, { found: FORMS[form], expected: A_JWT })

export const NO_BINDING = 'no cnf: a token that is bound to a key is not a bearer token'
export const A_KEY = 'a signature by a key of the issuer'

/** Returns the refusal of a token that names a key which its issuer does not publish. */
export const refuseKey = (kid: string | undefined): Refusal =>
  refuseToken('key', {
    found:
      kid === undefined
        ? 'no kid, and no published key that fits'
        : `the key ${shown(kid)}, which the issuer does not publish`,
    expected: A_KEY,
    setting: 'jwksUri',
  })

export const refuseSignature = (): Refusal =>
  refuseToken('signature', {
    found: 'a signature that no key of the issuer verifies',
    expected: A_KEY,
    setting: 'jwksUri',
  })

/**
 * Turns an error of the verification into a refusal. If the error is not the token's fault, the
 * refusal says "cannot verify" (503), never "invalid".
 */
export function tokenRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown
  return new Refusal('keys-unavailable', thrown instanceof Error ? thrown.name : 'unknown')
}
