import { TENANT } from './compile-issuer'
import { addressOf, type Environment } from './env'
import { show } from './fault'
import { presets } from './issuer-presets'
import type { Issuer } from './issuer-schema'
import { type Report, reportUnbound } from './report'
import type { Settings } from './settings'

/** An identity provider: its addresses are bound and reached by TLS, and its preset can work with what else is written. */
export function checkIssuer(issuer: Issuer, settings: Settings, environment: Environment, report: Report): void {
  const isUrl = (value: string | undefined) => {
    const url = URL.parse(value ?? '')
    return url?.protocol === 'https:' || (url?.protocol === 'http:' && settings.isDevelopment)
  }
  for (const key of ['issuer', 'jwksUri'] as const) {
    const given = issuer[key]
    if (given === undefined) continue
    const value = addressOf(given, environment)
    if (value === undefined && typeof given === 'object') {
      reportUnbound(report, key, given.env)
      continue
    }
    // An issuer is compared, and fetched from only where nothing else says where the keys are.
    if (isUrl(value) || (key === 'issuer' && issuer.jwksUri !== undefined && !value?.startsWith('http:'))) continue
    const expected = 'an https URL (http only where ENVIRONMENT is "development")'
    const other = key === 'issuer' ? ', or any text together with jwksUri' : ''
    report(key, show(value), expected + other, 'Correct it.')
  }
  checkTenants(issuer, environment, report)
  checkPreset(issuer, environment, report)
}

function checkTenants({ issuer, tenants }: Issuer, environment: Environment, report: Report): void {
  const hasPlace = addressOf(issuer, environment)?.includes(TENANT) ?? false
  if (hasPlace && !tenants) {
    report('tenants', 'none', `the tenants that ${TENANT} of the issuer stands for`, 'List their ids.')
  } else if (tenants && !hasPlace) {
    report('issuer', show(issuer), `an address with ${TENANT} where the tenant's id stands`, 'Write it there.')
  }
}

function checkPreset({ issuer, tenants, preset, algorithms }: Issuer, environment: Environment, report: Report): void {
  if (!preset) return
  const known = presets[preset]
  const address = addressOf(issuer, environment)?.replaceAll(TENANT, tenants?.[0] ?? TENANT)
  if (known.issuer && address !== undefined && !known.issuer.form.test(address))
    report('issuer', show(address), known.issuer.expected, known.issuer.remedy)
  const signs = known.algorithms
  if (signs && !algorithms.some((name) => signs.includes(name)))
    report('algorithms', show(algorithms), `${signs.join(' or ')}, which ${preset} signs with`, 'Write that.')
}
