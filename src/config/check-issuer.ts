import { addressOf, type Environment } from './env'
import { show } from './fault'
import type { Issuer } from './issuer-schema'
import { type Report, reportUnbound } from './report'
import type { Settings } from './settings'

/** An identity provider's addresses: bound, and reached by TLS. */
export function checkIssuer(issuer: Issuer, settings: Settings, environment: Environment, report: Report): void {
  for (const key of ['issuer', 'jwksUri'] as const) {
    const given = issuer[key]
    if (given === undefined) continue
    const value = addressOf(given, environment)
    if (value === undefined && typeof given === 'object') {
      reportUnbound(report, key, given.env)
      continue
    }
    const url = URL.parse(value ?? '')
    if (url?.protocol === 'https:' || (url?.protocol === 'http:' && settings.isDevelopment)) continue
    report(key, show(value), 'an https URL (http only where ENVIRONMENT is "development")', 'Correct it.')
  }
}
