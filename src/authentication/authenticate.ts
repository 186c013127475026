import { Refusal } from '../errors/refusal'
import type { Background } from '../ports'
import type { Authenticator, CredentialSources } from './authenticator'
import type { Credential } from './credential'
import type { Principal } from './principal'

/** The caller, as far as the route wants to know. */
export interface Authentication {
  /** The raw credential is in this object and nowhere else. It is kept so that it can be taken out of what is sent on. */
  readonly credential: Credential | undefined
  /** Absent on public routes: whatever credential came along has not been verified. */
  readonly principal: Principal | undefined
}

/**
 * Whether a route wants to know who is asking: `always`, `if-told` (a request without a credential may pass, one with a credential must
 * have a good one), or `never` on public routes.
 */
export type Wanted = 'always' | 'if-told' | 'never'

/**
 * Takes the request's credential, of a kind that the route trusts, and verifies it where it is wanted.
 *
 * @param now milliseconds since the epoch
 * @throws Refusal `token-missing` where there is none, `credential-ambiguous` where there are several, `token-in-url` for one that
 *   stands in the URL as well, and those of `Authenticator`
 */
export async function authenticate(
  authenticators: readonly Authenticator[],
  wanted: Wanted,
  sources: CredentialSources,
  now: number,
  background: Background,
): Promise<Authentication> {
  let taken: { readonly authenticator: Authenticator; readonly credential: Credential } | undefined
  for (const authenticator of authenticators) {
    const credential = authenticator.take(sources)
    if (credential && taken && wanted !== 'never') throw new Refusal('credential-ambiguous', 'two kinds')
    // RFC 6750 section 2.3: URLs are logged by others.
    if (credential?.isIn(sources.path + sources.query)) throw new Refusal('token-in-url')
    if (credential) taken ??= { authenticator, credential }
  }
  if (wanted === 'never') return { credential: taken?.credential, principal: undefined }
  if (!taken && wanted === 'if-told') return { credential: undefined, principal: undefined }
  if (!taken) throw new Refusal('token-missing')
  const { authenticator, credential } = taken
  return { credential, principal: await authenticator.verify(credential, now, background) }
}
