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
export function checkTrustList(trust: readonly Trust[], environment: Environment, report: Report): void {
  const { issuers } = compileTrust(trust, environment)
  const isTwice = (values: readonly string[]) => new Set(values).size < values.length
  if (isTwice(issuers.map(({ subjectPrefix }) => subjectPrefix)))
    report(
      'trust',
      `${issuers.length} issuers, some with the same subjectPrefix`,
      'issuers whose subjectPrefix differ',
      'Give all but one a prefix: their user ids could collide. The prefix of a tenant is its id and a colon.',
    )
  if (isTwice(issuers.map(({ issuer }) => issuer)))
    report('trust', 'one `issuer` twice', 'each issuer once', 'Merge the entries: the gateway uses only the first.')
}

/** @param trust checked: this function only fills in */
export const compileTrust = (trust: readonly Trust[], environment: Environment): Trusted => ({
  issuers: trust.flatMap((issuer) => compileIssuer(issuer, environment)),
})
