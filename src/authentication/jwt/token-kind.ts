import { type Claims, claimAt } from '../../claims'
import type { TokenReason } from '../../errors/reasons'
import type { TrustedIssuer } from './trusted-issuer'

type Kind = TrustedIssuer['tokenType']

const LOGOUT = 'http://schemas.openid.net/event/backchannel-logout'

/**
 * Tells whether a `typ` fits the kind of token (RFC 9068 section 2.1). A `typ` without a slash is
 * read as `application/…` (RFC 7515 section 4.1.9).
 */
export function typeFits(typ: unknown, wanted: Kind): boolean {
  if (typ === undefined) return wanted !== 'at+jwt'
  if (typeof typ !== 'string') return false
  const type = typ.toLowerCase().replace(/^application\//, '')
  if (type === 'at+jwt') return wanted !== 'id-token'
  // `JOSE` says only that the token is a JWS; SPIFFE's servers may write it.
  return (type === 'jwt' || type === 'jose') && wanted !== 'at+jwt'
}

/**
 * Returns the words of a claim that names the kind of a token. The claim is one text or a list.
 * Most tokens do not have it.
 */
const wordsOf = (mark: unknown): readonly unknown[] =>
  mark === undefined ? [] : [mark].flat().map((word) => (typeof word === 'string' ? word.toLowerCase() : word))

/**
 * Recognises tokens of other kinds by their claims. An ID token has a digest of a value that was
 * sent with it (`at_hash`, `c_hash`, `s_hash`: OpenID Connect Core section 3.3.2.11, FAPI), or its
 * provider's name for the kind: Keycloak's `typ`, Cognito's `token_use`. Some providers put the
 * sign-in's `nonce` into access tokens too. So `nonce` shows an ID token only if nothing shows an
 * access token. A logout token has its event (OpenID Connect Back-Channel Logout section 2.4).
 */
export function otherKind(claims: Claims, { tokenType, accessTokens }: TrustedIssuer): TokenReason | undefined {
  const marks = [...wordsOf(claims.typ), ...wordsOf(claims.token_use)]
  const isAccess = marks.includes('bearer') || marks.includes('access')
  if (claimAt(claims, ['events', LOGOUT]) !== undefined || marks.includes('logout')) return 'logout-token'
  if (marks.includes('refresh') || marks.includes('offline')) return 'refresh-token'
  if (tokenType === 'id-token') return isAccess ? 'type' : undefined
  // `typeFits` has already checked that the token's header has the type of RFC 9068.
  if (tokenType === 'at+jwt') return marks.includes('id') ? 'id-token' : undefined
  const { signs, haveNonce } = accessTokens
  if (signs && !signs.some((name) => claims[name] !== undefined)) return 'id-token'
  const isMarked = marks.includes('id') || ['at_hash', 'c_hash', 's_hash'].some((name) => name in claims)
  const hasScope = claims.scope !== undefined || claims.scp !== undefined
  return isMarked || ('nonce' in claims && !haveNonce && !isAccess && !hasScope) ? 'id-token' : undefined
}
