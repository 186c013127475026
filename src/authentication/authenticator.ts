import type { Refusal } from '../errors/refusal'
import type { Json } from '../json'
import type { Background } from '../ports'
import type { Credential } from './credential'
import type { Principal } from './principal'

/** The parts of a request that can hold a credential, or to which a credential can be bound. */
export interface CredentialSources {
  readonly method: string
  /** The gateway's own URL without a path. */
  readonly gatewayUrl: string
  /** The path, as the caller sent it. Neither path nor query may hold a credential. */
  readonly path: string
  readonly query: string
  readonly headers: Headers
  /** The values at the places in the body from which the route takes tokens, unchanged. */
  readonly inBody: readonly Json[]
}

/** A credential that was taken from a request. */
export interface Presented {
  readonly credential: Credential
  /**
   * Verifies the credential.
   * @param now milliseconds since the epoch
   * @throws Refusal 401 if the credential is not accepted, 503 if it cannot be checked at the
   *   moment
   */
  verify(now: number, background: Background): Promise<Principal>
}

/**
 * An object that takes one kind of credential from a request, and makes a principal from it: the
 * verified caller. Later steps do not need to know the kind.
 */
export interface Authenticator {
  /**
   * Takes the credential from the request, but does not verify it.
   * @returns undefined if the request has no credential of this kind
   * @throws Refusal for a credential that is malformed, doubled or in the wrong place (400)
   */
  take(sources: CredentialSources): Presented | undefined
  /**
   * Explains why a request has no credential of this kind, if it has a credential of another form.
   */
  whyNone?(sources: CredentialSources): Refusal | undefined
}

/** The settings of a route that an authenticator needs. */
export interface Way {
  /** The route's id. */
  readonly route: string
  /** The header into which a proxy in front of the gateway puts the credential. */
  readonly tokenHeader: string | undefined
  /** Web origins of pages that may use the route. */
  readonly pageOrigins: { has(origin: string): boolean }
  /** Tells whether a bearer token is a credential of another kind that the route trusts. */
  readonly isOther: (bearer: string) => boolean
}

/**
 * A kind of credential: how it is verified, and the facts about it that other code needs.
 * @typeParam Stores the caches that requests share
 * @typeParam Trusted the issuers, or stores of keys, that routes trust
 */
export interface CredentialKind<Stores, Trusted> {
  /**
   * Writes the challenge with which a 401 asks for this kind of credential (RFC 9110 section
   * 11.6.1).
   * @param parameters such as `realm="support"`
   */
  challenge(parameters: string): string
  /** Finds all credentials of this kind inside other text, so that they are not written to logs. */
  readonly shape: RegExp
  /**
   * Request headers that carry the credential, in lower case. CORS must allow these headers, so
   * that pages of other web origins can send them.
   */
  readonly requestHeaders: readonly string[]
  /** Returns the members that this kind adds to a resource's metadata (RFC 9728 section 2). */
  resourceMetadata(trusted: readonly Trusted[]): Readonly<Record<string, unknown>>
  /** Makes the authenticator of a route that trusts `trusted`. */
  authenticator(trusted: readonly Trusted[], stores: Stores, way: Way): Authenticator
}
