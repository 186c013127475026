/**
 * All that a route can trust: the shape of each kind, its check, and what it is compiled to. Today
 * that is identity providers.
 */
import type * as v from 'valibot'
import type { TrustedIssuer } from '../authentication/jwt/trusted-issuer'
import { checkIssuer } from './check-issuer'
import { compileIssuer } from './compile-issuer'
import type { Environment } from './env'
import { IssuerSchema } from './issuer-schema'
import type { Report } from './report'

export const TrustSchema = IssuerSchema
/** An entry of a route's `trust`, as written. */
export type Trust = v.InferInput<typeof TrustSchema>

/** The same by kind, with addresses resolved and defaults filled in. */
export interface Trusted {
  readonly issuers: readonly TrustedIssuer[]
}

export const checkTrust = checkIssuer

/** Checks what one route trusts against each other. */
export function checkTrustList(trust: readonly Trust[], report: Report): void {
  const prefixes = trust.map(({ subjectPrefix = '' }) => subjectPrefix)
  if (new Set(prefixes).size === prefixes.length) return
  report(
    'trust',
    `${prefixes.length} issuers, some with the same subjectPrefix`,
    'issuers whose subjectPrefix differ',
    'Give all but one a prefix: their user ids could collide.',
  )
}

/** @param trust checked: this function only fills in */
export const compileTrust = (trust: readonly Trust[], environment: Environment): Trusted => ({
  issuers: trust.flatMap((issuer) => compileIssuer(issuer, environment)),
})
