import { type Claims, firstClaim } from '../../claims'
import { type Principal, verifiedPrincipal } from '../principal'
import { hasServiceMark } from './service-marks'
import type { TrustedIssuer } from './trusted-issuer'

/**
 * Reads a principal out of claims that have been verified already; it checks nothing itself but the types of what it reads,
 * and drops what has the wrong one. An `email` that its issuer calls unverified is left out; some
 * write that as a text.
 */
export function principalOf(issuer: TrustedIssuer, claims: Claims): Principal {
  const at = issuer.claims
  const subject = stringOf(firstClaim(claims, at.subject)) ?? ''
  const client = stringOf(firstClaim(claims, [...at.client, 'client_id', 'azp']))
  return verifiedPrincipal({
    issuer: issuer.issuer,
    identityProvider: (issuer.isGateway ? stringOf(claims.idp) : undefined) ?? issuer.issuer,
    issuerId: issuer.id,
    subject,
    userId: issuer.subjectPrefix + subject,
    kind: isService(claims, subject, client, issuer) ? 'service' : 'user',
    client,
    roles: rolesOf(firstClaim(claims, at.roles), issuer.roleSeparator).filter((role) => isKept(role, issuer)),
    // RFC 8693 section 4.2.
    scopes: valuesOf(firstClaim(claims, at.scopes), ' '),
    tenant: idOf(firstClaim(claims, at.tenant)),
    email: String(claims.email_verified) === 'false' ? undefined : stringOf(firstClaim(claims, at.email)),
    name: stringOf(firstClaim(claims, at.name)),
    claims,
    expiresAt: Number(claims.exp),
  })
}

const isKept = (role: string, { keepRoles }: TrustedIssuer): boolean =>
  keepRoles?.some((kept) => (kept.endsWith('*') ? role.startsWith(kept.slice(0, -1)) : role === kept)) ?? true

/** Roles are values, or the names of an object's members (Zitadel writes what each belongs to as the member's value). */
function rolesOf(value: unknown, separator: string | undefined): readonly string[] {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  return valuesOf(isMap ? Object.entries(value).flatMap(([role, of]) => (of ? [role] : [])) : value, separator)
}

/** A claim of several values: a list, or one text. The text is one value, unless the issuer says what separates several. */
function valuesOf(value: unknown, separator: string | undefined): readonly string[] {
  const values = typeof value === 'string' ? (separator === undefined ? [value] : value.split(separator)) : value
  return Array.isArray(values) ? values.filter((item): item is string => typeof item === 'string' && item !== '') : []
}

const stringOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** A text, or a whole number that JavaScript has exactly. */
const idOf = (value: unknown): string | undefined => (Number.isSafeInteger(value) ? String(value) : stringOf(value))

/**
 * Tells a client that acts for itself from a person: by what the issuer says of all that it vouches for, by the gateway's own
 * assertion, by RFC 9068 section 2.2 (`sub` is the client), or by the mark of the issuer's own provider. A mark of another provider
 * counts for nothing: there a person may choose it.
 */
function isService(
  claims: Claims,
  subject: string,
  client: string | undefined,
  { isGateway, preset, callers }: TrustedIssuer,
): boolean {
  if (callers === 'services' || (isGateway && claims.caller === 'service')) return true
  return subject === client || hasServiceMark(preset, claims, client)
}
