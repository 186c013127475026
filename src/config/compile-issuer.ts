import type { ClaimField, TrustedIssuer } from '../authentication/jwt/trusted-issuer'
import type { ClaimSources } from '../claims'
import { addressOf, type Environment, variable } from './env'
import { commonClaims } from './issuer-preset'
import { presets } from './issuer-presets'
import type { Issuer } from './issuer-schema'

/** The placeholder for a tenant's id in the addresses of an issuer with `tenants`. */
export const TENANT = '{tenant}'

/**
 * Returns the issuers that an entry of `trust` defines: one, or one for each of its tenants.
 * @param issuer already checked: this function only fills in defaults
 */
export function compileIssuer(issuer: Issuer, environment: Environment): readonly TrustedIssuer[] {
  return issuer.tenants?.map((tenant) => compiled(issuer, environment, tenant)) ?? [compiled(issuer, environment)]
}

function compiled(issuer: Issuer, environment: Environment, tenant?: string): TrustedIssuer {
  const preset = issuer.preset ? presets[issuer.preset] : undefined
  const of = (address: NonNullable<Issuer['jwksUri']>) => {
    const text = addressOf(address, environment) ?? ''
    return tenant === undefined ? text : text.replaceAll(TENANT, tenant)
  }
  const name = of(issuer.issuer)
  const jwksUri = issuer.jwksUri === undefined ? preset?.jwksUri?.(name) : of(issuer.jwksUri)
  const mapped = { ...commonClaims, ...preset?.claims, ...issuer.claims }
  // A tenant's administrator can give its people any email address, so `email` is not read by
  // default.
  if (tenant !== undefined && issuer.claims?.email === undefined) mapped.email = { firstOf: [] }
  const prefix = issuer.subjectPrefix ?? ''
  return {
    id: issuer.id,
    issuer: name,
    audience: issuer.audience,
    audienceFrom: issuer.audienceFrom ?? preset?.audienceFrom,
    algorithms: issuer.algorithms,
    ...(jwksUri !== undefined && { jwksUri }),
    claims: compileClaims(mapped),
    roleSeparator: issuer.roleSeparator,
    keepRoles: issuer.keepRoles,
    rolesByTenant: preset?.rolesByTenant === true,
    preset: issuer.preset,
    callers: issuer.callers,
    tokenType: issuer.tokenType ?? preset?.tokenType ?? 'access-token',
    accessTokens: preset?.accessTokens ?? {},
    requiredClaims: issuer.requiredClaims ?? [],
    maxLifetimeSeconds: issuer.maxLifetimeSeconds ?? preset?.maxLifetimeSeconds ?? 86_400,
    clockSkewSeconds: issuer.clockSkewSeconds ?? 30,
    subjectPrefix: tenant === undefined ? prefix : `${prefix}${tenant}:`,
    isGateway: name === variable(environment, 'PUBLIC_URL'),
  }
}

/**
 * Returns, for each field of a caller, the claims from which the gateway reads this field.
 * @param mapping the source of each field
 */
export function compileClaims(mapping: NonNullable<Issuer['claims']>): TrustedIssuer['claims'] {
  const fields = Object.entries(mapping).map(([field, source = []]) => [
    field,
    typeof source === 'object' && 'firstOf' in source ? source.firstOf : [source],
  ])
  return Object.fromEntries(fields) as Record<ClaimField, ClaimSources>
}
