import { decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify, type ProtectedHeaderParameters } from 'jose'
import { Refusal } from '../../errors/refusal'
import type { Background } from '../../ports'
import type { Credential } from '../credential'
import type { Principal } from '../principal'
import { refuseToken, tokenRefusal } from './fault'
import { principalOf } from './principal'
import type { TokenStores } from './token-stores'
import type { TrustedIssuer } from './trusted-issuer'

/** Longer than any token in use; a Cloudflare request has 128 KB for all its headers. */
const MAX_TOKEN_CHARS = 16_384
const MAX_KID_CHARS = 256
const MAX_SUBJECT_CHARS = 255

/**
 * Three base64url segments and nothing else (RFC 8725bis, "check JWT format type"). The last character of a segment must be
 * canonical too: otherwise one token has several spellings.
 */
const SEGMENT = '(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?'
const COMPACT = new RegExp(`^(?=[^.])${SEGMENT}\\.(?=[^.])${SEGMENT}\\.(?=.)${SEGMENT}$`)

/** Characters that a user id may not have: controls, format characters, line and paragraph separators, lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

/**
 * Verifies an access token and says who it is for.
 *
 * The issuer that the token names picks the keys, and only that issuer's keys, audience and algorithms count (RFC 8725
 * sections 3.8 to 3.10). Checked: strict compact form, `alg`, `typ`, no `crit`, signature, `iss`, `aud`, a finite `exp`, the
 * longest lifetime, `nbf`, `iat` not ahead, a printable `sub`, required claims. Of members that occur twice the last
 * one counts, everywhere (RFC 7519 section 4 leaves that choice).
 *
 * Not checked: whether it is bound to its sender (`cnf`), which is the business of the way that it
 * came, whether it was revoked, whether its subject could be another issuer's (see `authenticate`),
 * and what its scopes allow, which is the policy's.
 *
 * A token that was verified a while ago is not verified again as long as the key that did it is its issuer's still; whether it has
 * expired is.
 *
 * @param now milliseconds since the epoch
 * @throws Refusal `token-invalid` or `token-expired` (401), or `keys-unavailable` (503)
 */
export async function verify(
  credential: Credential,
  trust: readonly TrustedIssuer[],
  { keys, verified }: TokenStores,
  now: number,
  background: Background,
): Promise<Principal> {
  const token = credential.reveal()
  if (token.length > MAX_TOKEN_CHARS) throw refuseToken('form')
  try {
    const name = await verified.nameOf(token)
    for (const issuer of trust) {
      const known = verified.get(issuer, name)
      if (!known || now < known.at) continue
      if (!keys.isCurrent(issuer, known.key)) {
        const key = await keys.keyFor(issuer, known.alg, known.kid, background)
        if (key !== known.key) continue
      }
      if (known.principal.expiresAt <= Math.floor(now / 1000) - issuer.clockSkewSeconds)
        throw new Refusal('token-expired')
      return known.principal
    }
    if (!COMPACT.test(token)) throw refuseToken('form')
    const header = headerOf(token)
    const { iss } = decodeJwt(token)
    const issuer = trust.find(({ issuer }) => issuer === iss)
    if (!issuer) throw refuseToken('issuer')
    const { alg, kid } = checkHeader(header, issuer)
    const key = await keys.keyFor(issuer, alg, kid, background)
    const { payload } = await jwtVerify(token, key, {
      algorithms: [...issuer.algorithms],
      issuer: issuer.issuer,
      audience: [...issuer.audience],
      requiredClaims: ['sub', 'exp', ...issuer.requiredClaims],
      clockTolerance: issuer.clockSkewSeconds,
      currentDate: new Date(now),
    })
    const principal = principalOf(issuer, checkClaims(payload, issuer, now / 1000))
    verified.put(issuer, name, { principal, alg, kid, key, at: now })
    return principal
  } catch (thrown) {
    throw tokenRefusal(thrown)
  }
}

/** The error that jose throws at a header that is no JSON object has no code to tell it by. */
function headerOf(token: string): ProtectedHeaderParameters {
  try {
    return decodeProtectedHeader(token)
  } catch {
    throw refuseToken('form')
  }
}

/** The header is the caller's word: `jwk`, `jku`, `x5u` and `x5c` are not even looked at. */
function checkHeader(
  header: ProtectedHeaderParameters,
  issuer: TrustedIssuer,
): { alg: string; kid: string | undefined } {
  const { alg, kid, typ } = header as Record<string, unknown>
  if (typeof alg !== 'string' || !issuer.algorithms.includes(alg)) throw refuseToken('algorithm')
  for (const name of ['crit', 'b64', 'enc', 'zip', 'cty'])
    if (Object.hasOwn(header, name)) throw refuseToken('critical')
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KID_CHARS)) throw refuseToken('header')
  if (!typeFits(typ, issuer.tokenType)) throw refuseToken('type')
  return { alg, kid }
}

/** RFC 9068 section 2.1; a `typ` without a slash is read as `application/…` (RFC 7515 section 4.1.9). */
function typeFits(typ: unknown, wanted: TrustedIssuer['tokenType']): boolean {
  if (typ === undefined) return wanted !== 'at+jwt'
  if (typeof typ !== 'string') return false
  const type = typ.toLowerCase().replace(/^application\//, '')
  if (type === 'at+jwt') return wanted !== 'id-token'
  return type === 'jwt' && wanted !== 'at+jwt'
}

/** Checks the claims that jose leaves open. @param now seconds since the epoch */
function checkClaims(
  payload: JWTPayload,
  issuer: TrustedIssuer,
  now: number,
): JWTPayload & { sub: string; exp: number } {
  const { sub, exp, iat, aud } = payload
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT_CHARS || UNPRINTABLE.test(sub))
    throw refuseToken('subject')
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw refuseToken('claim-invalid exp')
  if (iat !== undefined && !(Number.isFinite(iat) && iat <= now + issuer.clockSkewSeconds))
    throw refuseToken('claim-invalid iat')
  if (exp - (iat ?? now) > issuer.maxLifetimeSeconds) throw refuseToken('lifetime')
  if (Array.isArray(aud) && aud.some((audience) => typeof audience !== 'string')) throw refuseToken('audience')
  if (issuer.tokenType === 'access-token')
    for (const name of ['nonce', 'at_hash', 'c_hash', 's_hash']) if (name in payload) throw refuseToken('id-token')
  for (const name of issuer.requiredClaims) if (payload[name] === null) throw refuseToken(`claim-missing ${name}`)
  if (issuer.tokenType === 'at+jwt') {
    for (const name of ['iat', 'jti', 'client_id'])
      if (payload[name] === undefined) throw refuseToken(`claim-missing ${name}`)
    for (const name of ['jti', 'client_id'])
      if (typeof payload[name] !== 'string' || payload[name] === '') throw refuseToken(`claim-invalid ${name}`)
  }
  return payload as JWTPayload & { sub: string; exp: number }
}
