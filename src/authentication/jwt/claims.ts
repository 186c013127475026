import { type Claims, claimAt } from '../../caller'
import { type Principal, verifiedPrincipal } from '../principal'
import type { TrustedIssuer } from './issuer'

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
    roles: listOf(claimAt(claims, at.roles)),
    scopes: listOf(claimAt(claims, at.scopes)),
    tenant: stringOf(claimAt(claims, at.tenant)),
    email: String(claims.email_verified) === 'false' ? undefined : stringOf(claimAt(claims, at.email)),
    name: stringOf(claimAt(claims, at.name)),
    claims,
    expiresAt: claims.exp,
  })
}

/** A list claim as issuers write it: an array, or words between spaces (RFC 8693 section 4.2). */
function listOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '')
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []
}

const stringOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/**
 * A client acting for itself, as the gateway's own assertion says, or by the signs that identity providers give: RFC 9068 section 2.2 (`sub` is the client), Entra's `idtyp` or, where that claim is not switched on,
 * its object id as `sub` without a delegated scope, Auth0's `gty`, Keycloak's name for the account.
 */
function isService(
  claims: Claims & { sub: string },
  client: string | undefined,
  { isGateway }: Pick<TrustedIssuer, 'isGateway'>,
): boolean {
  return (
    (isGateway && claims.caller === 'service') ||
    claims.sub === client ||
    claims.idtyp === 'app' ||
    (claims.oid === claims.sub && claims.scp === undefined) ||
    claims.gty === 'client-credentials' ||
    String(claims.preferred_username).startsWith('service-account-')
  )
}
