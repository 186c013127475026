import type { Refusal } from '../errors/refusal'
import type { Json } from '../json'
import type { Background } from '../ports'
import type { Credential } from './credential'
import type { Principal } from './principal'

/** The parts of a request that a credential can stand in, or be bound to. */
export interface CredentialSources {
  readonly method: string
  /** The gateway's own address, before the path. */
  readonly gatewayUrl: string
  /** Path and query as they were sent: no credential may stand there. */
  readonly path: string
  readonly query: string
  readonly headers: Headers
  /** Tokens from the places of the body where the route takes them, as they stand there. */
  readonly inBody: readonly Json[]
}

/** A credential that was taken off a request. */
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
 * Takes one kind of credential off a request, and turns it into a principal. No later step asks
 * which kind it was.
 */
export interface Authenticator {
  /**
   * Takes the credential. It does not verify it.
   * @returns undefined where the request has none of this kind
   * @throws Refusal for one that is malformed, doubled or in the wrong place (400)
   */
  take(sources: CredentialSources): Presented | undefined
  /** Says why what the request has is none of this kind, where it has something. */
  whyNone?(sources: CredentialSources): Refusal | undefined
}

/** How a route is come to. */
export interface Way {
  /** The route's id. */
  readonly route: string
  /** A header in which something in front of the gateway puts the credential. */
  readonly tokenHeader: string | undefined
  /** Web origins of pages that may use it. */
  readonly pageOrigins: { has(origin: string): boolean }
  /** Whether a bearer is one of another kind that the route trusts. */
  readonly isOther: (bearer: string) => boolean
}

/**
 * A kind of credential: what others need to know of it, and how it is verified.
 * @typeParam Stores what it shares between requests
 * @typeParam Trusted what routes trust of this kind
 */
export interface CredentialKind<Stores, Trusted> {
  /**
   * Writes a challenge of its scheme (RFC 9110 section 11.6.1).
   * @param parameters such as `realm="support"`
   */
  challenge(parameters: string): string
  /**
   * Finds it where it was pasted into some other text, all over the text. Matches are not written
   * to logs.
   */
  readonly shape: RegExp
  /**
   * Request headers that it stands in, in lower case: pages of other origins need leave to send
   * them.
   */
  readonly requestHeaders: readonly string[]
  /** Returns its part of a resource's metadata (RFC 9728 section 2). */
  resourceMetadata(trusted: readonly Trusted[]): Readonly<Record<string, unknown>>
  /** Makes the authenticator of a route that trusts these. */
  authenticator(trusted: readonly Trusted[], stores: Stores, way: Way): Authenticator
}
