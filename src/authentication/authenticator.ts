import type { Refusal } from '../errors/refusal'
import type { Json } from '../json'
import type { Background } from '../ports'
import type { Credential } from './credential'
import type { Principal } from './principal'

/** The parts of a request that can hold a credential, or that it can be bound to. */
export interface CredentialSources {
  readonly method: string
  /** The gateway's own address, before the path. */
  readonly gatewayUrl: string
  /** Path and query as they were sent: they may not hold a credential. */
  readonly path: string
  readonly query: string
  readonly headers: Headers
  /** Tokens from the places in the body where the route takes them, unchanged. */
  readonly inBody: readonly Json[]
}

/** A credential that was taken from a request. */
export interface Presented {
  readonly credential: Credential
  /**
   * Verifies it.
   * @param now milliseconds since the epoch
   * @throws Refusal 401 where it is not accepted, 503 where that cannot be known
   */
  verify(now: number, background: Background): Promise<Principal>
}

/**
 * Takes one kind of credential from a request, and turns it into a principal. No later step asks
 * which kind it was.
 */
export interface Authenticator {
  /**
   * Takes the credential. It does not verify it.
   * @returns undefined where the request has none of this kind
   * @throws Refusal for a credential that is malformed, doubled or in the wrong place (400)
   */
  take(sources: CredentialSources): Presented | undefined
  /** Explains why the credential of a request is not of this kind, if the request has one. */
  whyNone?(sources: CredentialSources): Refusal | undefined
}

/** How callers reach a route. */
export interface Way {
  /** The route's id. */
  readonly route: string
  /** A header in which a proxy in front of the gateway puts the credential. */
  readonly tokenHeader: string | undefined
  /** Web origins of pages that may use the route. */
  readonly pageOrigins: { has(origin: string): boolean }
  /** Whether a bearer token is a credential of another kind that the route trusts. */
  readonly isOther: (bearer: string) => boolean
}

/**
 * A kind of credential: how it is verified, and what other code needs to know about it.
 * @typeParam Stores what it shares between requests
 * @typeParam Trusted what routes trust of this kind
 */
export interface CredentialKind<Stores, Trusted> {
  /**
   * Writes a challenge of its scheme (RFC 9110 section 11.6.1).
   * @param parameters such as `realm="support"`
   */
  challenge(parameters: string): string
  /** Finds all credentials of this kind inside other text. Matches are not written to logs. */
  readonly shape: RegExp
  /**
   * Request headers that carry it, in lower case. Pages of other origins need permission to send
   * them.
   */
  readonly requestHeaders: readonly string[]
  /** Returns its part of a resource's metadata (RFC 9728 section 2). */
  resourceMetadata(trusted: readonly Trusted[]): Readonly<Record<string, unknown>>
  /** Makes the authenticator of a route that trusts `trusted`. */
  authenticator(trusted: readonly Trusted[], stores: Stores, way: Way): Authenticator
}
