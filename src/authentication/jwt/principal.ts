import { type Claims, claimAt } from '../../caller'
import { type Principal, verifiedPrincipal } from '../principal'
import { hasServiceMark } from './service-marks'
import type { TrustedIssuer } from './trusted-issuer'

/**
 * Reads a principal out of claims that have been verified already; it checks nothing itself but the types of what it reads,
 * and drops what has the wrong one. An `email` that its issuer calls unverified is left out; some
 * write that as a text.
 */
export function principalOf(issuer: TrustedIssuer, claims: Claims & { sub: string; exp: number }): Principal {
  const { sub } = claims
  const at = issuer.claims
  const client = stringOf(claimAt(claims, at.client)) ?? stringOf(claims.client_id) ?? stringOf(claims.azp)
  return verifiedPrincipal({
    issuer: issuer.issuer,
    identityProvider: (issuer.isGateway ? stringOf(claims.idp) : undefined) ?? issuer.issuer,
    issuerId: issuer.id,
    subject: sub,
    userId: issuer.subjectPrefix + sub,
    kind: isService(claims, client, issuer) ? 'service' : 'user',
    client,
    roles: valuesOf(claimAt(claims, at.roles), issuer.roleSeparator),
    // RFC 8693 section 4.2.
    scopes: valuesOf(claimAt(claims, at.scopes), ' '),
    tenant: stringOf(claimAt(claims, at.tenant)),
    email: String(claims.email_verified) === 'false' ? undefined : stringOf(claimAt(claims, at.email)),
    name: stringOf(claimAt(claims, at.name)),
    claims,
    expiresAt: claims.exp,
  })
}

/** A claim of several values: a list, or one text. The text is one value, unless the issuer says what separates several. */
function valuesOf(value: unknown, separator: string | undefined): readonly string[] {
  const values = typeof value === 'string' ? (separator === undefined ? [value] : value.split(separator)) : value
  return Array.isArray(values) ? values.filter((item): item is string => typeof item === 'string' && item !== '') : []
}

const stringOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/**
 * Tells a client that acts for itself from a person: by the gateway's own assertion, by RFC 9068 section 2.2 (`sub` is the client),
 * or by the mark of the issuer's own provider. A mark of another provider counts for nothing: there a person may choose it.
 */
function isService(
  claims: Claims & { sub: string },
  client: string | undefined,
  { isGateway, preset }: TrustedIssuer,
): boolean {
  return (isGateway && claims.caller === 'service') || claims.sub === client || hasServiceMark(preset, claims, client)
}
