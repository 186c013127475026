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

/** A route as the pipeline uses it: every default filled in, every reference resolved. */
export interface LoadedRoute {
  readonly id: string
  readonly path: string
  readonly isPublic: boolean
  readonly adapter: Adapter
  readonly tokenInBody: boolean
  /** Whether a request may pass without a token, though the route is not public. */
  readonly isOpen: (endpoint: Endpoint, body: Json | undefined) => boolean
  readonly threads: Sharing
  readonly claimsUnowned: boolean
  /** The endpoints that are open. */
  readonly endpoints: readonly Endpoint[]
  /** The open operations that are named in bodies. */
  readonly bodyOperations: readonly string[]
  readonly find: Finder
  /** The row of an operation that bodies name. */
  readonly rowOf: (operation: string) => BodyOperation | undefined
  readonly offers: (operation: string) => boolean
  readonly origin: Origin
  readonly credential: Agent['credential']
  readonly trust: Trusted
  readonly policies: readonly Policy[]
  readonly identity: IdentityChannels
  /** Removes from answers the identity that this route puts into bodies. */
  readonly identityRemoved: AnswerChange | undefined
  /** Whether comments fill silence on streams, and a long silence counts as broken. */
  readonly watchesSilence: boolean
  /** The address at which callers find the agent. */
  readonly place: PublicPlace
  readonly assertion: AssertionRules
  readonly cors: CorsRules
  /**
   * Origins of web pages that may use the route where CORS is not enough: those of `cors`, and the
   * gateway's own.
   */
  readonly pageOrigins: WebOrigins
  /** The header in which a proxy in front of the gateway puts the caller's token. */
  readonly tokenHeader: string | undefined
  readonly forwardHeaders: readonly string[]
  /** Reply headers of the agent that are passed on beside the common ones. */
  readonly replyHeaders: readonly string[]
  /** Reply headers of the gateway's own, the same on each reply. */
  readonly ownReplyHeaders: Readonly<Record<string, string>>
  readonly limits: Limits
  /** Rates, by the time at which they are counted, and the header that announces them. */
  readonly rates: {
    readonly ofAddresses: readonly Rate[]
    readonly ofCallers: readonly Rate[]
    readonly headers: Readonly<Record<string, string>>
  }
  /** Whether requests pass while the list of revocations cannot be read. */
  readonly withoutList: 'closed' | 'open'
  /** Whether its agent is the list of revocations itself. */
  readonly isForOperators: boolean
  readonly audit: { readonly begin: boolean }
}
