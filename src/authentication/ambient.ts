import { Refusal } from '../errors/refusal'
import type { CredentialSources, Way } from './authenticator'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
/**
 * Values of `Sec-Fetch-Site` (Fetch Metadata section 2.2) that are accepted: the request comes from
 * a page of the gateway's own web origin, or from a person who typed the address.
 */
const OWN_SITES = new Set(['same-origin', 'none'])

/**
 * Refuses a request that changes something if another site's page may have sent it (cross-site
 * request forgery). This matters if the credential is added to every request of the browser, no
 * matter which page sends it. Machines have no browser, so the gateway calls this function for
 * people only.
 * @throws Refusal `cors-origin-refused`
 */
export function refuseForeignPage({ method, headers }: CredentialSources, pageOrigins: Way['pageOrigins']): void {
  if (SAFE_METHODS.has(method)) return
  const origin = headers.get('origin')
  const isOwn = origin === null && OWN_SITES.has(headers.get('sec-fetch-site') ?? '')
  if (!isOwn && (origin === null || !pageOrigins.has(origin))) throw new Refusal('cors-origin-refused', 'token-header')
}
