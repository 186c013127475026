import { type Caller, type Claims, claimAt } from '../caller'
import type { TrustedIssuer } from './jwt/issuer'

declare const verified: unique symbol

/** Who is asking, as a verified token says. Only `principalOf` makes one, and only `verify` calls it. */
export interface Principal extends Caller {
  readonly [verified]: true
  /** The token's `iss`. Only together with `subject` does it name one person. */
  readonly issuer: string
  /** Who vouches for the person: the issuer, or whom a gate that signed the token had it from. */
  readonly identityProvider: string
  readonly subject: string
  /** `subject` behind the issuer's `subjectPrefix`: the id that agents see. */
  readonly userId: string
  readonly email: string | undefined
  readonly name: string | undefined
  readonly client: string | undefined
  /** Seconds since the epoch at which the token ends. */
  readonly expiresAt: number
}

/**
 * Reads a principal out of claims that have been verified already; it checks nothing itself but the types of what it reads,
 * and drops what has the wrong one. An `email` that its issuer calls unverified is left out; some
 * write that as a text.
 */
export function principalOf(issuer: TrustedIssuer, claims: Claims & { sub: string; exp: number }): Principal {
  const { sub } = claims
  const at = issuer.claims
  const client = stringOf(claimAt(claims, at.client)) ?? stringOf(claims.client_id) ?? stringOf(claims.azp)
  const principal = {
    issuer: issuer.issuer,
    identityProvider: (issuer.isGateway ? stringOf(claims.idp) : undefined) ?? issuer.issuer,
    issuerId: issuer.id,
    subject: sub,
    userId: issuer.subjectPrefix + sub,
    kind: isService(claims, client, issuer) ? ('service' as const) : ('user' as const),
    client,
    roles: listOf(claimAt(claims, at.roles)),
    scopes: listOf(claimAt(claims, at.scopes)),
    tenant: stringOf(claimAt(claims, at.tenant)),
    email: String(claims.email_verified) === 'false' ? undefined : stringOf(claimAt(claims, at.email)),
    name: stringOf(claimAt(claims, at.name)),
    claims,
    expiresAt: claims.exp,
  }
  return principal as typeof principal & Pick<Principal, typeof verified>
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
