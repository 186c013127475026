import { Refusal } from '../errors/refusal'
import type { Background } from '../ports'
import type { Authenticator, CredentialSources, Presented } from './authenticator'
import type { Credential } from './credential'
import type { Principal } from './principal'

/** The caller's credential, and the verified caller if the route asks for one. */
export interface Authentication {
  /**
   * The raw credential, which is in this object and nowhere else. It is kept so that it can be
   * removed from everything that is sent on.
   */
  readonly credential: Credential | undefined
  /** Absent if no credential was verified, as on public routes. */
  readonly principal: Principal | undefined
}

/**
 * Whether a route needs to know the caller. `always`: it does. `if-told`: a request without a
 * credential may pass, but a credential must be good. `never`: it is a public route.
 */
export type Wanted = 'always' | 'if-told' | 'never'

/** The part of a route that `authenticate` needs: the credentials that it accepts. */
export interface Entrance {
  readonly authenticators: readonly Authenticator[]
  /** The prefixes of user ids, one for each issuer that the route trusts. */
  readonly subjectPrefixes: readonly string[]
}

/** The `Entrance` of a route that accepts no credential and lets no caller in. */
export const CLOSED: Entrance = { authenticators: [], subjectPrefixes: [] }

/**
 * Takes the request's credential, if it is of a kind that the route trusts, and verifies it if
 * `wanted` demands that.
 *
 * @param now milliseconds since the epoch
 * @throws Refusal `token-missing` if there is no credential, `credential-ambiguous` if there are
 *   several, `token-in-url` if it is in the URL as well, `token-invalid` for a user id that could
 *   be another issuer's, and the refusals of `Presented.verify`
 */
export async function authenticate(
  { authenticators, subjectPrefixes }: Entrance,
  wanted: Wanted,
  sources: CredentialSources,
  now: number,
  background: Background,
): Promise<Authentication> {
  const taken = takeOne(authenticators, sources, wanted)
  const credential = taken?.credential
  if (wanted === 'never') return { credential, principal: undefined }
  if (!taken && wanted === 'if-told') return { credential: undefined, principal: undefined }
  if (!taken) {
    const why = authenticators.map((authenticator) => authenticator.whyNone?.(sources)).find(Boolean)
    throw why ?? new Refusal('token-missing')
  }
  const principal = await taken.verify(now, background)
  refuseForeignName(principal, subjectPrefixes)
  return { credential, principal }
}

/**
 * Refuses a request if parts of it that were read later, such as the body, hold another credential
 * than the verified one.
 * @throws Refusal `credential-ambiguous`, as `authenticate`
 */
export function refuseOthers({ authenticators }: Entrance, sources: CredentialSources): void {
  takeOne(authenticators, sources, 'always')
}

/** Takes the only credential of a request. Public routes take the first of several kinds. */
function takeOne(
  authenticators: readonly Authenticator[],
  sources: CredentialSources,
  wanted: Wanted,
): Presented | undefined {
  let taken: Presented | undefined
  for (const authenticator of authenticators) {
    const presented = authenticator.take(sources)
    if (!presented) continue
    if (taken && wanted !== 'never') throw new Refusal('credential-ambiguous', 'two kinds')
    // A token may not be in a URL, because other servers log URLs (RFC 6750 section 2.3).
    if (presented.credential.isIn(sources.path + sources.query)) throw new Refusal('token-in-url')
    taken ??= presented
  }
  return taken
}

/**
 * Refuses a user id that could belong to another issuer. Agents see the issuer's prefix and the
 * subject as one text. If this text begins with another issuer's longer prefix, it could name a
 * user of that issuer. With this check, no two issuers of a route can mean the same user id.
 */
function refuseForeignName({ userId, subject }: Principal, prefixes: readonly string[]): void {
  const ownLength = userId.length - subject.length
  if (prefixes.some((other) => other.length > ownLength && userId.startsWith(other)))
    throw new Refusal('token-invalid', 'subject')
}
