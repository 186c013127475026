import type { Issuer, Route } from '../../config/define'
import type { Fault } from '../../config/fault'
import { issuersIn } from '../../config/trust'
import { withoutSecrets } from './secrets'

/** Patterns of hosts that belong to a known identity provider, each with the provider's preset. */
const BY_HOST: readonly (readonly [RegExp, NonNullable<Issuer['preset']>])[] = [
  [/(?:^|\.)auth0\.com$/, 'auth0'],
  [/^(?:login\.microsoftonline\.com|sts\.windows\.net)$/, 'entra'],
  [/\.okta(?:preview)?\.com$/, 'okta'],
  [/^cognito-idp\..+\.amazonaws\.com$/, 'cognito'],
  [/\.supabase\.co$/, 'supabase'],
  [/^securetoken\.google\.com$/, 'firebase'],
  [/^accounts\.google\.com$/, 'google'],
  [/\.cloudflareaccess\.com$/, 'cloudflare-access'],
  [/\.zitadel\.cloud$/, 'zitadel'],
]

/**
 * Finds issuers that the Worker accepts when it starts, although the gateway would refuse all their
 * tokens.
 * @param environment the variables that an issuer may name
 */
export function issuerFaults(
  routes: readonly Route[],
  environment: Readonly<Record<string, unknown>>,
): { readonly faults: readonly Fault[]; readonly notes: readonly string[] } {
  const issuers = [...new Set(routes.flatMap(({ trust }) => issuersIn(trust)))]
  const faults: Fault[] = []
  const notes: string[] = []
  for (const { id, issuer: given, preset } of issuers) {
    const issuer = typeof given === 'string' ? given : environment[given.env]
    if (typeof issuer !== 'string') continue
    const url = URL.parse(issuer)
    const fault = (expected: string, remedy: string): void => {
      faults.push({
        file: `policies/${id}.ts`,
        path: 'issuer',
        found: withoutSecrets(JSON.stringify(issuer)),
        expected,
        remedy,
      })
    }
    if (issuer !== issuer.trim()) fault('no space around it', 'Remove the space: `iss` is compared exactly.')
    else if (url?.username || url?.password || url?.search)
      fault('an address without user, password or query', 'Write exactly the `iss` of the tokens.')
    else if (issuer.includes('/.well-known/'))
      fault('the issuer, not the address of its document', `Write the "issuer" that this document contains.`)
    else if (url && !preset) {
      const known = BY_HOST.find(([host]) => host.test(url.hostname))?.[1]
      if (known)
        notes.push(
          `policies/${id}.ts: preset: '${known}' knows the claims of this provider and the form of its issuers.`,
        )
    }
  }
  return { faults, notes }
}
