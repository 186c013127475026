import { Refusal } from '../errors/refusal'
import type { Background } from '../ports'
import type { Authenticator, CredentialSources } from './authenticator'
import type { Credential } from './credential'
import type { Principal } from './principal'

/** Who is asking, as far as the route wants to know. */
export interface Authentication {
  /** The raw credential is in this object and nowhere else. It is kept so that it can be taken out of what is sent on. */
  readonly credential: Credential | undefined
  /** Absent on public routes: whatever credential came along has not been verified. */
  readonly principal: Principal | undefined
}

/**
 * Takes the request's credential, of a kind that the route trusts, and verifies it unless the route is public.
 *
 * @param now milliseconds since the epoch
 * @throws Refusal `token-missing` where there is none, `credential-ambiguous` where there are several, and those of `Authenticator`
 */
export async function authenticate(
  authenticators: readonly Authenticator[],
  isPublic: boolean,
  sources: CredentialSources,
  now: number,
  background: Background,
): Promise<Authentication> {
  let taken: { readonly authenticator: Authenticator; readonly credential: Credential } | undefined
  for (const authenticator of authenticators) {
    const credential = authenticator.take(sources)
    if (credential && taken && !isPublic) throw new Refusal('credential-ambiguous', 'two kinds')
    if (credential) taken ??= { authenticator, credential }
  }
  if (isPublic) return { credential: taken?.credential, principal: undefined }
  if (!taken) throw new Refusal('token-missing')
  const { authenticator, credential } = taken
  return { credential, principal: await authenticator.verify(credential, now, background) }
}
