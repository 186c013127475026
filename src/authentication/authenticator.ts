import type { Refusal } from '../errors/refusal'
import type { Json } from '../json'
import type { Background } from '../ports'
import type { Credential } from './credential'
import type { Principal } from './principal'

/** The parts of a request that can hold a credential, or that a credential can be bound to. */
export interface CredentialSources {
  readonly method: string
  /** The gateway's own URL without a path. */
  readonly gatewayUrl: string
  /** The path, as it was sent. Neither path nor query may hold a credential. */
  readonly path: string
  readonly query: string
  readonly headers: Headers
  /** Tokens from those places in the body from which the route takes tokens, unchanged. */
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
   * @returns undefined if the request has none of this kind
   * @throws Refusal for a credential that is malformed, doubled or in the wrong place (400)
   */
  take(sources: CredentialSources): Presented | undefined
  /** Explains why the credential of a request is not of this kind, if the request has one. */
  whyNone?(sources: CredentialSources): Refusal | undefined
}

/** The settings of a route that an authenticator needs. */
export interface Way {
  /** The route's id. */
  readonly route: string
  /** A header in which a proxy in front of the gateway puts the credential. */
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
   * Writes the challenge, with which a 401 asks for this credential (RFC 9110 section 11.6.1).
   * @param parameters such as `realm="support"`
   */
  challenge(parameters: string): string
  /** Finds all credentials of this kind inside other text, so that they are not written to logs. */
  readonly shape: RegExp
  /**
   * Request headers that carry the credential, in lower case. Pages of other origins need
   * permission to send them.
   */
  readonly requestHeaders: readonly string[]
  /** Returns the members that this kind adds to a resource's metadata (RFC 9728 section 2). */
  resourceMetadata(trusted: readonly Trusted[]): Readonly<Record<string, unknown>>
  /** Makes the authenticator of a route that trusts `trusted`. */
  authenticator(trusted: readonly Trusted[], stores: Stores, way: Way): Authenticator
}
