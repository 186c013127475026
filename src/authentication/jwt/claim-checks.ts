import { type Claims, claimAt, firstClaim, showPath } from '../../claims'
import type { TokenReason } from '../../errors/reasons'
import { type Check, list } from './check'
import { otherKind } from './token-kind'
import type { TrustedIssuer } from './trusted-issuer'

const MAX_SUBJECT_CHARS = 255

/**
 * Characters that a user id may not have: controls, format characters, line and paragraph
 * separators, lone surrogates.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

const KINDS = {
  'access-token': 'an access token: no at_hash, c_hash or s_hash, and no typ or token_use of another kind',
  'at+jwt': 'an access token of RFC 9068',
  'id-token': 'an ID token: no typ or token_use of another kind',
} as const

const KIND_MARKS = ['typ', 'token_use', 'at_hash', 'c_hash', 's_hash', 'nonce', 'scope', 'scp', 'events']

/**
 * Returns a time as a date that operators can read. A value that is not a number of seconds, or is
 * too large for a date, is returned unchanged.
 */
const moment = (seconds: unknown): unknown =>
  isNumber(seconds) && Math.abs(seconds) < 8e12 ? new Date(seconds * 1000).toISOString() : seconds
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

/** Checks that a token has not expired. It is made again on each request with a known token. */
export const expiryCheck: Check = {
  on: 'exp',
  setting: 'clockSkewSeconds',
  fault({ exp }, { clockSkewSeconds }, now) {
    if (exp === undefined) return 'claim-missing exp'
    if (!isNumber(exp)) return 'claim-invalid exp'
    return exp <= Math.floor(now) - clockSkewSeconds ? 'expired' : undefined
  },
  found: ({ exp }) => moment(exp),
  expected: ({ clockSkewSeconds }, now) => `later than ${moment(now - clockSkewSeconds)}`,
}

/** Checks of the claims of a token with a good signature. */
export const claimChecks: readonly Check[] = [
  {
    on: 'aud',
    setting: 'audience',
    fault: audienceFault,
    found: (claims, { audienceFrom }) =>
      'aud' in claims || !audienceFrom ? claims.aud : { [audienceFrom.claim]: claims[audienceFrom.claim] },
    expected: ({ audience, audienceFrom }) =>
      list(audience) + (audienceFrom ? `, or, in a token without aud, the same as "${audienceFrom.claim}"` : ''),
  },
  expiryCheck,
  {
    on: 'nbf',
    setting: 'clockSkewSeconds',
    fault({ nbf }, { clockSkewSeconds }, now) {
      if (nbf === undefined) return undefined
      if (!isNumber(nbf)) return 'claim-invalid nbf'
      return nbf > Math.floor(now) + clockSkewSeconds ? 'not-yet-valid' : undefined
    },
    found: ({ nbf }) => moment(nbf),
    expected: ({ clockSkewSeconds }, now) => `not later than ${moment(now + clockSkewSeconds)}`,
  },
  {
    on: 'iat',
    setting: 'clockSkewSeconds',
    fault: ({ iat }, { clockSkewSeconds }, now) =>
      iat === undefined || (isNumber(iat) && iat <= now + clockSkewSeconds) ? undefined : 'claim-invalid iat',
    found: ({ iat }) => moment(iat),
    expected: ({ clockSkewSeconds }, now) => `not later than ${moment(now + clockSkewSeconds)}`,
  },
  {
    on: 'exp - iat',
    setting: 'maxLifetimeSeconds',
    fault: ({ exp, iat }, { maxLifetimeSeconds }, now) =>
      Number(exp) - Number(iat ?? now) > maxLifetimeSeconds ? 'lifetime' : undefined,
    found: ({ exp, iat }) =>
      iat === undefined ? `exp ${moment(exp)}, without iat` : `${Number(exp) - Number(iat)} seconds`,
    expected: ({ maxLifetimeSeconds }) => `at most ${maxLifetimeSeconds} seconds`,
  },
  {
    on: 'the kind of token',
    setting: 'tokenType',
    fault: otherKind,
    found: (claims) =>
      Object.fromEntries(KIND_MARKS.filter((name) => name in claims).map((name) => [name, claims[name]])),
    expected: ({ tokenType, accessTokens: { signs } }) =>
      `${KINDS[tokenType]}${signs ? `, and one of ${signs.join(', ')}` : ''}`,
  },
  {
    on: 'the subject',
    setting: 'claims.subject',
    fault(claims, { claims: { subject: sources } }) {
      const subject = firstClaim(claims, sources)
      if (subject === undefined && sources.every((path) => claimAt(claims, path) === undefined))
        return `claim-missing ${sources.map(showPath).join(' or ')}`
      return typeof subject === 'string' && subject.length <= MAX_SUBJECT_CHARS && !UNPRINTABLE.test(subject)
        ? undefined
        : 'subject'
    },
    found: (claims, { claims: { subject } }) => firstClaim(claims, subject),
    expected: ({ claims: { subject } }) =>
      `a printable text of at most ${MAX_SUBJECT_CHARS} characters in ${subject.map(showPath).join(' or ')}`,
  },
  {
    on: 'roles that the token leaves out',
    setting: 'claims.roles',
    fault(claims, issuer) {
      const name = rolesElsewhere(claims, issuer)
      return name === undefined ? undefined : `claim-missing ${name}`
    },
    found: (claims, issuer) => rolesElsewhere(claims, issuer) ?? 'none',
    expected: () =>
      'none: a rule of `deny` may name any role. Entra leaves out the groups of a person who has over 200',
  },
  {
    on: 'required claims',
    setting: 'requiredClaims',
    fault: (claims, { requiredClaims }) => missing(claims, requiredClaims),
    found: (claims) => Object.keys(claims),
    expected: ({ requiredClaims }) => `with ${requiredClaims.join(', ') || 'no others'}`,
  },
  {
    // Checks the claims that RFC 9068 section 2.2 demands.
    on: 'claims of RFC 9068',
    setting: 'tokenType',
    fault(claims, { tokenType }) {
      if (tokenType !== 'at+jwt') return undefined
      const invalid = ['jti', 'client_id'].find((name) => typeof claims[name] !== 'string' || claims[name] === '')
      return missing(claims, ['iat', 'jti', 'client_id']) ?? (invalid ? `claim-invalid ${invalid}` : undefined)
    },
    found: ({ iat, jti, client_id }) => ({ iat, jti, client_id }),
    expected: ({ tokenType }) => (tokenType === 'at+jwt' ? 'with iat, jti and client_id' : 'not asked for'),
  },
]

/**
 * Checks `aud` (RFC 7519 section 4.1.3). For providers whose access tokens have no `aud`, checks
 * the claim that replaces it.
 */
function audienceFault(claims: Claims, { audience, audienceFrom }: TrustedIssuer): TokenReason | undefined {
  if ('aud' in claims) {
    const values: unknown = typeof claims.aud === 'string' ? [claims.aud] : claims.aud
    const isList = Array.isArray(values) && values.every((value) => typeof value === 'string')
    return isList && values.some((value) => audience.includes(value)) ? undefined : 'audience'
  }
  if (!audienceFrom) return 'claim-missing aud'
  // One client may receive several kinds of token. These claims show which ones are meant for an
  // API.
  for (const [name, wanted] of Object.entries(audienceFrom.where)) {
    if (claims[name] === undefined || claims[name] === null) return `claim-missing ${name}`
    if (wanted !== true && claims[name] !== wanted) return `claim-invalid ${name}`
  }
  const value = claims[audienceFrom.claim]
  if (value === undefined) return `claim-missing ${audienceFrom.claim}`
  return typeof value === 'string' && audience.includes(value) ? undefined : 'audience'
}

/**
 * Returns the name of the claim with the roles if the provider left it out because the token had no
 * room for it: `_claim_names` (OpenID Connect Core section 5.6.2) or Entra's `hasgroups`. Without
 * this check, a rule of `deny` would not see these roles.
 */
function rolesElsewhere(claims: Claims, { claims: { roles } }: TrustedIssuer): string | undefined {
  if (firstClaim(claims, roles) !== undefined) return undefined
  const { _claim_names: elsewhere, hasgroups } = claims
  return roles
    .map((path) => (typeof path === 'string' ? path : (path[0] ?? '')))
    .find(
      (name) =>
        (typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, name)) ||
        (name === 'groups' && (hasgroups === true || hasgroups === 'true')),
    )
}

function missing(claims: Claims, names: readonly string[]): TokenReason | undefined {
  const name = names.find((each) => claimAt(claims, each) === undefined || claimAt(claims, each) === null)
  return name === undefined ? undefined : `claim-missing ${name}`
}
