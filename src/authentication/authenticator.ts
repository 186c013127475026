import type { Json } from '../json'
import type { Background } from '../ports'
import type { Credential } from './credential'
import type { Principal } from './principal'

/** The parts of a request that a credential can stand in. */
export interface CredentialSources {
  readonly headers: Headers
  /** Path and query as they were sent: no credential may stand there. */
  readonly path: string
  readonly query: string
  /** Tokens from the places of the body where the route takes them, as they stand there. */
  readonly inBody: readonly Json[]
}

/** Takes one kind of credential off a request, and turns it into a principal. No later step asks which kind it was. */
export interface Authenticator {
  /**
   * Takes the credential. It does not verify it.
   * @returns undefined where the request has none of this kind
   * @throws Refusal for one that is malformed, doubled or in the wrong place (400)
   */
  take(sources: CredentialSources): Credential | undefined
  /**
   * Verifies what `take` returned.
   * @param now milliseconds since the epoch
   * @throws Refusal 401 where it is not accepted, 503 where that cannot be known
   */
  verify(credential: Credential, now: number, background: Background): Promise<Principal>
}
