import type { TrustedIssuer } from '../authentication/jwt/trusted-issuer'
import { addressOf, type Environment, variable } from './env'
import { commonClaims, presets } from './issuer-presets'
import type { Issuer } from './issuer-schema'

/** @param issuer checked: this function only fills in. */
export function compileIssuer(issuer: Issuer, environment: Environment): TrustedIssuer {
  const preset = issuer.preset ? presets[issuer.preset] : undefined
  return {
    id: issuer.id,
    issuer: addressOf(issuer.issuer, environment) ?? '',
    audience: issuer.audience,
    algorithms: issuer.algorithms,
    ...(issuer.jwksUri !== undefined && { jwksUri: addressOf(issuer.jwksUri, environment) ?? '' }),
    claims: { ...commonClaims, ...preset?.claims, ...issuer.claims } as TrustedIssuer['claims'],
    roleSeparator: issuer.roleSeparator,
    preset: issuer.preset,
    tokenType: issuer.tokenType ?? preset?.tokenType ?? 'access-token',
    requiredClaims: issuer.requiredClaims ?? [],
    maxLifetimeSeconds: issuer.maxLifetimeSeconds ?? 86_400,
    clockSkewSeconds: issuer.clockSkewSeconds ?? 30,
    subjectPrefix: issuer.subjectPrefix ?? '',
    isGateway: addressOf(issuer.issuer, environment) === variable(environment, 'PUBLIC_URL'),
  }
}
