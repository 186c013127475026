import { Refusal } from '../errors/refusal'
import type { Background } from '../ports'
import type { Authenticator, CredentialSources, Presented } from './authenticator'
import type { Credential } from './credential'
import { shown } from './jwt/shown'
import type { Principal } from './principal'
import { refuseToken } from './refuse-token'

/** The caller's credential, and the verified caller if the route asks for one. */
export interface Authentication {
  /**
   * The raw credential, which no other object contains. The gateway keeps it so that it can remove
   * the credential from everything that it sends on.
   */
  readonly credential: Credential | undefined
  /** Absent if no credential was verified, as on public routes. */
  readonly principal: Principal | undefined
}

/**
 * Whether a request must present a credential. `always`: it must, and the credential must be valid.
 * `if-told`: a request without a credential may pass, but a credential that is present must be
 * valid. `never`: the route is public, and no credential is verified.
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
 *   several, `token-in-url` if the credential is in the URL as well, `token-invalid` for a user id
 *   that could belong to another issuer, and the refusals of `Presented.verify`
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
  if (hasForeignName(principal, subjectPrefixes))
    throw refuseToken('subject', { found: shown(principal.userId), expected: OWN_NAME, setting: 'subjectPrefix' })
  return { credential, principal }
}

/**
 * Refuses a request if parts that are read after verification, such as the body, hold a credential
 * other than the verified one.
 * @throws Refusal `credential-ambiguous`, as `authenticate`
 */
export function refuseOthers({ authenticators }: Entrance, sources: CredentialSources): void {
  takeOne(authenticators, sources, 'always')
}

/**
 * Takes the only credential of a request. On public routes, a request may have credentials of
 * several kinds; the first is taken.
 */
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
 * Tells whether a user id could belong to another issuer. A user id is the issuer's prefix and the
 * subject as one text. If this text begins with another issuer's longer prefix, it could name a
 * user of that issuer. With this check, no two issuers of a route can produce the same user id.
 */
export function hasForeignName({ userId, subject }: Principal, prefixes: readonly string[]): boolean {
  const ownLength = userId.length - subject.length
  return prefixes.some((other) => other.length > ownLength && userId.startsWith(other))
}

/** The expected user id, in words for the operator. */
export const OWN_NAME = 'a user id that does not begin with the subjectPrefix of another issuer of the route'
