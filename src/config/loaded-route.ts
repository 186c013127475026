import type { Adapter, PublicPlace } from '../agents/adapter'
import type { AnswerChange } from '../agents/answer-change'
import type { Finder } from '../agents/endpoint-tree'
import type { BodyOperation, Endpoint } from '../agents/endpoints'
import type { IdentityChannels } from '../agents/identity'
import type { AssertionRules } from '../assertion/claims'
import type { Json } from '../json'
import type { Rate } from '../limits/rate'
import type { CorsRules } from '../request/cors'
import type { WebOrigins } from '../request/web-origins'
import type { Sharing } from '../threads/owner'
import type { Agent, Policy } from './define'
import type { Origin } from './env'
import type { Limits } from './limits'
import type { Trusted } from './trust'

/**
 * A route in the form that the gateway uses for requests, with defaults filled in and references
 * resolved.
 */
export interface LoadedRoute {
  readonly id: string
  readonly path: string
  readonly isPublic: boolean
  readonly adapter: Adapter
  readonly tokenInBody: boolean
  /** Whether a certain request may pass without a token, although the route is not public. */
  readonly isOpen: (endpoint: Endpoint, body: Json | undefined) => boolean
  readonly threads: Sharing
  readonly claimsUnowned: boolean
  /** The endpoints that this route offers. */
  readonly endpoints: readonly Endpoint[]
  /** The operations that this route offers and that request bodies name. */
  readonly bodyOperations: readonly string[]
  readonly find: Finder
  /** Returns the rules of an operation that a request body names. */
  readonly rowOf: (operation: string) => BodyOperation | undefined
  readonly offers: (operation: string) => boolean
  readonly origin: Origin
  readonly credential: Agent['credential']
  readonly trust: Trusted
  readonly policies: readonly Policy[]
  readonly identity: IdentityChannels
  /**
   * A function that removes, from the agent's answers, the identity that this route puts into
   * request bodies.
   */
  readonly identityRemoved: AnswerChange | undefined
  /**
   * Whether the gateway sends comments on silent streams, and treats a long silence as a broken
   * stream.
   */
  readonly watchesSilence: boolean
  /** The public address of the agent, which is an address of the gateway. */
  readonly place: PublicPlace
  readonly assertion: AssertionRules
  readonly cors: CorsRules
  /**
   * Origins of web pages whose requests are accepted in cases that CORS does not cover: those of
   * `cors`, and the gateway's own.
   */
  readonly pageOrigins: WebOrigins
  /** The header in which a proxy in front of the gateway puts the caller's token. */
  readonly tokenHeader: string | undefined
  readonly forwardHeaders: readonly string[]
  /** Reply headers of the agent that the gateway passes on, in addition to those of every route. */
  readonly replyHeaders: readonly string[]
  /** Reply headers that the gateway itself adds to every reply. */
  readonly ownReplyHeaders: Readonly<Record<string, string>>
  readonly limits: Limits
  /**
   * Rate limits on addresses, which are counted before the caller is known, and on callers.
   * `headers` has the reply header that announces them.
   */
  readonly rates: {
    readonly ofAddresses: readonly Rate[]
    readonly ofCallers: readonly Rate[]
    readonly headers: Readonly<Record<string, string>>
  }
  /**
   * Whether the gateway refuses requests (`closed`) or accepts them (`open`) while it cannot read
   * the list of revocations.
   */
  readonly withoutList: 'closed' | 'open'
  /** Whether the agent of this route is the gateway's own list of revocations. */
  readonly isForOperators: boolean
  readonly audit: { readonly begin: boolean }
}
