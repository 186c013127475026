import type { Report } from './check'
import type { Issuer } from './define'
import { type Environment, variable } from './env'
import { show } from './fault'
import type { Settings } from './load'

/** An identity provider's addresses: bound, and reached by TLS. */
export function checkIssuer(issuer: Issuer, settings: Settings, environment: Environment, report: Report): void {
  for (const key of ['issuer', 'jwksUri'] as const) {
    const given = issuer[key]
    if (given === undefined) continue
    const value = typeof given === 'string' ? given : variable(environment, given.env)
    if (value === undefined && typeof given !== 'string') {
      report(
        `${key}.env`,
        `${show(given.env)}, which is not bound`,
        'the name of a variable that is set',
        `Add ${given.env} to [vars] in wrangler.toml.`,
      )
      continue
    }
    const url = URL.parse(value ?? '')
    if (url?.protocol === 'https:' || (url?.protocol === 'http:' && settings.isDevelopment)) continue
    report(key, show(value), 'an https URL (http only where ENVIRONMENT is "development")', 'Correct it.')
  }
}
