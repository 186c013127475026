import type { Explanation } from '../../authentication/jwt/explain'
import { TENANT } from '../../config/compile-issuer'
import type { Route } from '../../config/define'
import { addressOf, type Environment } from '../../config/env'
import type { LoadedRoute } from '../../config/loaded-route'
import { issuersIn } from '../../config/trust'
import type { Deployments } from '../deployments'

/** The routes that an explanation is about, and the deployments whose variables they use. */
export interface Asked {
  /** The routes with the variables that the token is checked with. */
  readonly loaded: readonly LoadedRoute[]
  /** All routes of the project, as its files define them. */
  readonly written: readonly Route[]
  readonly deployments: Deployments
}

/**
 * Returns notes about an `iss` that no route trusts: that only the slash at its end is wrong, or
 * that it is the issuer of another deployment.
 */
export function issuerNotes({ steps }: Explanation, { loaded, written, deployments }: Asked): readonly string[] {
  const found = steps.find(({ on, passed }) => on === 'iss' && passed === false)?.found
  if (found === undefined) return []
  const trusted = new Set(loaded.flatMap(({ trust }) => trust.issuers.map(({ issuer }) => issuer)))
  const near = [...trusted].filter((issuer) => withoutSlash(issuer) === withoutSlash(found))
  const ids = new Set(loaded.map(({ id }) => id))
  const routes = written.filter(({ id }) => ids.has(id))
  const elsewhere = deployments.all.filter(({ environment }) => issuerNames(routes, environment).includes(found))
  return [
    ...near.map((issuer) => `it differs from ${issuer} only by the slash at the end`),
    ...elsewhere.map(({ name }) => `this is the issuer of ${placeName(name, deployments.file)}`),
  ]
}

const withoutSlash = (address: string): string => address.replace(/\/$/, '')

const placeName = (environment: string | undefined, file: string): string =>
  environment === undefined ? `the top level of ${file}` : `environment ${environment}`

/**
 * Returns the issuers that routes trust in an environment. The environment need not be complete:
 * issuers without an address are left out.
 */
const issuerNames = (routes: readonly Route[], environment: Environment): readonly string[] =>
  routes.flatMap(({ trust }) =>
    issuersIn(trust).flatMap(({ issuer, tenants = [''] }) => {
      const name = addressOf(issuer, environment)
      return name === undefined ? [] : tenants.map((tenant) => name.replaceAll(TENANT, tenant))
    }),
  )
