import { type Claims, firstClaim } from '../../claims'
import { type Principal, verifiedPrincipal } from '../principal'
import { hasPersonMark, hasServiceMark } from './service-marks'
import type { TrustedIssuer } from './trusted-issuer'

/**
 * Makes a principal (the verified caller) from claims that have been verified already. It checks
 * only their types, and drops claims of the wrong type. An `email` that its issuer calls unverified
 * is left out; some issuers write `email_verified` as a text.
 */
export function principalOf(issuer: TrustedIssuer, claims: Claims): Principal {
  const at = issuer.claims
  const subject = stringOf(firstClaim(claims, at.subject)) ?? ''
  const tenant = idOf(firstClaim(claims, at.tenant))
  const client = stringOf(firstClaim(claims, [...at.client, 'client_id', 'azp']))
  return verifiedPrincipal({
    authenticator: 'jwt',
    issuer: issuer.issuer,
    identityProvider: (issuer.isGateway ? stringOf(claims.idp) : undefined) ?? issuer.issuer,
    issuerId: issuer.id,
    subject,
    userId: issuer.subjectPrefix + subject,
    kind: isService(claims, client, issuer) ? 'service' : 'user',
    client,
    roles: rolesOf(firstClaim(claims, at.roles), tenant, issuer).filter((role) => isKept(role, issuer)),
    // Scopes are separated by spaces (RFC 8693 section 4.2).
    scopes: valuesOf(firstClaim(claims, at.scopes), ' '),
    tenant,
    email: isUnverified(claims) ? undefined : stringOf(firstClaim(claims, at.email)),
    name: stringOf(firstClaim(claims, at.name)),
    claims,
    expiresAt: Number(claims.exp),
  })
}

export const isKept = (role: string, { keepRoles }: Pick<TrustedIssuer, 'keepRoles'>): boolean =>
  keepRoles?.some((kept) => (kept.endsWith('*') ? role.startsWith(kept.slice(0, -1)) : role === kept)) ?? true

const isUnverified = ({ email_verified: verified }: Claims): boolean => verified === false || verified === 'false'

/**
 * Returns the roles from a claim: its values, or its member names if it is an object. In Zitadel's
 * tokens, each member lists the organizations in which the user has the role. These may be others
 * than the user's own.
 */
function rolesOf(
  value: unknown,
  tenant: string | undefined,
  { roleSeparator, rolesByTenant }: TrustedIssuer,
): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return valuesOf(value, roleSeparator)
  const has = (where: unknown): boolean => {
    if (typeof where !== 'object' || where === null) return Boolean(where)
    if (rolesByTenant) return tenant !== undefined && Object.hasOwn(where, tenant)
    return Object.keys(where).length > 0
  }
  return Object.entries(value).flatMap(([role, where]) => (role !== '' && has(where) ? [role] : []))
}

/**
 * Returns the values of a claim that is a list or one text. A text is one value, unless the
 * issuer's settings name a separator.
 */
function valuesOf(value: unknown, separator: string | undefined): readonly string[] {
  const values = typeof value === 'string' ? (separator === undefined ? [value] : value.split(separator)) : value
  return Array.isArray(values) ? values.filter((item): item is string => typeof item === 'string' && item !== '') : []
}

const stringOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** Returns an id that is a text, or a whole number that JavaScript holds exactly, as a text. */
const idOf = (value: unknown): string | undefined => (Number.isSafeInteger(value) ? String(value) : stringOf(value))

/**
 * Tells whether the caller is a client that acts for itself, not a person. It uses the issuer's
 * setting `callers`, the gateway's own assertion, RFC 9068 section 2.2 (`sub` is the client), or
 * the claims by which this provider marks tokens of machines. Another provider's claims do not
 * count, because at this provider a person may be able to choose them.
 */
function isService(claims: Claims, client: string | undefined, { isGateway, preset, callers }: TrustedIssuer): boolean {
  if (callers === 'services' || (isGateway && claims.caller === 'service')) return true
  if (hasPersonMark(preset, claims)) return false
  return (client !== undefined && claims.sub === client) || hasServiceMark(preset, claims, client)
}
