import { type Claims, claimAt } from '../../claims'
import type { TokenReason } from '../../errors/reasons'
import type { TrustedIssuer } from './trusted-issuer'

type Kind = TrustedIssuer['tokenType']

const LOGOUT = 'http://schemas.openid.net/event/backchannel-logout'

/** RFC 9068 section 2.1; a `typ` without a slash is read as `application/…` (RFC 7515 section 4.1.9). */
export function typeFits(typ: unknown, wanted: Kind): boolean {
  if (typ === undefined) return wanted !== 'at+jwt'
  if (typeof typ !== 'string') return false
  const type = typ.toLowerCase().replace(/^application\//, '')
  if (type === 'at+jwt') return wanted !== 'id-token'
  return type === 'jwt' && wanted !== 'at+jwt'
}

/**
 * Tells tokens of other kinds by their claims. An ID token has a digest of what came with it (`at_hash`, `c_hash`, `s_hash`: OpenID
 * Connect Core section 3.3.2.11, FAPI), or its provider's mark: Keycloak's `typ`, Cognito's `token_use`. A `nonce` is no mark,
 * since some providers put the sign-in's into access tokens too. A logout token has its event (OpenID Connect Back-Channel
 * Logout section 2.4).
 */
export function otherKind(claims: Claims, wanted: Kind): TokenReason | undefined {
  const marks = [claims.typ, claims.token_use].map((mark) => (typeof mark === 'string' ? mark.toLowerCase() : ''))
  if (claimAt(claims, ['events', LOGOUT]) !== undefined || marks.includes('logout')) return 'logout-token'
  if (marks.includes('refresh') || marks.includes('offline')) return 'refresh-token'
  if (wanted === 'id-token') return marks.includes('bearer') || marks.includes('access') ? 'type' : undefined
  const isId = marks.includes('id') || ['at_hash', 'c_hash', 's_hash'].some((name) => name in claims)
  return isId ? 'id-token' : undefined
}
