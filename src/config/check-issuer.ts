import { compileIssuer, TENANT } from './compile-issuer'
import { addressOf, type Environment } from './env'
import { show } from './fault'
import { presets } from './issuer-presets'
import type { Issuer } from './issuer-schema'
import { type Report, reportUnbound } from './report'
import type { Settings } from './settings'

/**
 * Checks an identity provider. Its addresses must use TLS, the variables that contain them must be
 * set, and its preset must fit its other settings.
 */
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
    // If `jwksUri` is set, `issuer` is only compared with the `iss` of tokens. The gateway fetches
    // nothing from `issuer` then.
    if (isUrl(value) || (key === 'issuer' && issuer.jwksUri !== undefined && !value?.startsWith('http:'))) continue
    const expected = 'an https URL (http only if ENVIRONMENT is "development")'
    const other = key === 'issuer' ? '; with jwksUri, any text except an http address' : ''
    report(key, show(value), expected + other, 'Correct the address.')
  }
  checkTenants(issuer, environment, report)
  checkPreset(issuer, environment, report)
}

function checkTenants({ issuer, jwksUri, tenants }: Issuer, environment: Environment, report: Report): void {
  const hasPlace = (given: Issuer['jwksUri']) => given && (addressOf(given, environment)?.includes(TENANT) ?? false)
  if (!tenants && (hasPlace(issuer) || hasPlace(jwksUri))) {
    report('tenants', 'none', `the list of tenants to put in place of ${TENANT}`, 'List the ids of the tenants.')
  } else if (tenants && !hasPlace(issuer)) {
    report('issuer', show(issuer), `an address with ${TENANT}`, `Put ${TENANT} into it, or remove tenants.`)
  }
}

function checkPreset(given: Issuer, environment: Environment, report: Report): void {
  const { preset, algorithms, audience, jwksUri, tokenType } = given
  if (!preset) return
  const known = presets[preset]
  const names = compileIssuer(given, environment).map(({ issuer }) => issuer)
  const other = names.find((name) => name !== '' && !known.issuer?.form.test(name))
  if (known.issuer && other && !(known.issuer.orKeys && jwksUri !== undefined)) {
    const hasSlash = known.issuer.form.test(other.replace(/\/$/, ''))
    const remedy = hasSlash ? 'Remove the slash at the end: `iss` is compared exactly.' : known.issuer.remedy
    report('issuer', show(other), known.issuer.expected, remedy)
    return
  }
  const wanted = known.audience?.(names[0] ?? '')
  if (wanted !== undefined && !audience.includes(wanted))
    report('audience', show(audience), `${show(wanted)} among them`, `Add this audience: tokens of ${preset} have it.`)
  const form = known.audienceForm?.(names[0] ?? '')
  if (form && !audience.some((each) => form.form.test(each)))
    report('audience', show(audience), form.expected, `Correct the audience: tokens of ${preset} have this form.`)
  if (known.isNeverAtJwt && tokenType === 'at+jwt')
    report('tokenType', show(tokenType), `another type: no token of ${preset} is an at+jwt`, 'Remove the setting.')
  if (known.tokenType && tokenType && tokenType !== known.tokenType)
    report(
      'tokenType',
      show(tokenType),
      `"${known.tokenType}", which all tokens of ${preset} are`,
      'Remove the setting.',
    )
  const signs = known.algorithms
  if (signs && !algorithms.some((name) => signs.includes(name)))
    report(
      'algorithms',
      show(algorithms),
      `${signs.join(' or ')}, which ${preset} signs with`,
      `Set algorithms: ['${signs.join("', '")}'].`,
    )
}
