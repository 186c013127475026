import type { Principal } from '../authentication/principal'
import type { ErrorForm } from '../errors/forms'
import type { Json } from '../json'
import type { Sharing } from '../threads/owner'
import type { AnswerChange } from './answer-change'
import type { Call } from './call'
import type { BodyOperation, Endpoint } from './endpoints'
import type { IdentityChannels } from './identity'
import type { ThreadIsolation } from './thread-isolation'

/** The agent's address, as callers see it and as the agent sees it. */
export interface PublicPlace {
  /** The gateway's address of the route: absolute, without a slash at its end. */
  readonly url: string
  /** The path of the origin's own URL, without a slash at its end. */
  readonly prefix: string
}

/** The caller, and the places where this route tells the agent who that is. */
export interface Identity {
  readonly channels: IdentityChannels
  /** Absent on public routes: then forged identity is removed and nothing put in its place. */
  readonly principal: Principal | undefined
}

/** The request that an answer belongs to. */
export interface Answered {
  readonly operations: readonly string[]
  readonly place: PublicPlace
}

/**
 * Everything that Sallyport knows about one kind of agent.
 * @typeParam Whose the ownership rules that its rows ask for
 */
export interface Adapter<Whose extends string = string> {
  readonly kind: string
  readonly endpoints: readonly Endpoint<Whose>[]
  /** Operations that bodies of `in-body` endpoints name. */
  readonly bodyOperations?: readonly BodyOperation<Whose>[]
  /** Where this kind looks for the user, unless the route says otherwise. */
  readonly identity: IdentityChannels
  /**
   * The agent forwards `authorization` and `x-*` headers to the services that it calls, such as its
   * model's vendor. So identity headers are named `sallyport-*`.
   */
  readonly handsHeadersOn?: true
  /** Channels inside bodies that the kind has. A route may set no others. */
  readonly bodyChannels?: readonly Exclude<keyof IdentityChannels, 'assertion' | 'headers'>[]
  /**
   * Whether the agent may store the identity from a body, and use it when another person answers or
   * edits. It is true for AG-UI agents whose behaviour is unknown.
   */
  readonly storesIdentity?: boolean
  /**
   * Seconds of silence after which the gateway sends a comment; 0 where the agent sends its own.
   */
  readonly heartbeatSeconds: number
  /**
   * More request headers that this kind may receive, in lower case. `name-*` stands for all that
   * begin with `name-`.
   */
  readonly requestHeaders?: readonly string[]
  /** More reply headers that may reach the caller. */
  readonly responseHeaders?: readonly string[]
  /**
   * Headers that this kind's web pages send and that do not reach the agent. CORS must allow
   * browsers to send them.
   */
  readonly ignoredHeaders?: readonly string[]
  /** A request with an `Origin` header must name one of the route's web origins. */
  readonly refusesForeignOrigins?: true
  /** How the threads of this kind are kept apart. Absent: it has no threads. */
  readonly threads?: ThreadIsolation<Whose>

  /**
   * Removes tokens from the body and returns them as written, with or without their scheme. Absent:
   * bodies of this kind have no place for a token.
   */
  takeTokens?(body: Json): readonly Json[]
  /**
   * The operation that clients request before they have a token, or before they send it, and how to
   * recognise it. It is open where the route says so: by `tokenInBody`, or by `publicCard`. Absent:
   * there is none.
   */
  readonly withoutToken?: {
    readonly operation: string
    is(endpoint: Endpoint, body: Json | undefined): boolean
  }
  /**
   * Names every operation that a request asks for, by its path and by its query or body. The route
   * must offer all of them and a policy must permit them. Absent: only the endpoint's operation.
   * @param threads who owns the threads of the route
   * @throws Refusal `operation-unknown`, `body-invalid` or `header-mismatch`
   */
  operationsOf?(call: Omit<Call, 'operations'>, threads: Sharing): readonly string[]
  /**
   * Removes identity that the caller put into the body, and puts the verified one where the route
   * wants it. It may change the body that it is given.
   * @throws Refusal `body-invalid` or `field-forbidden`
   */
  rewrite(body: Json, call: Call, identity: Identity): Json
  /**
   * Returns the id of the conversation as the agent knows it, for the assertion's `thread_id` and
   * the audit line.
   */
  threadOf(call: Call): string | undefined
  /**
   * Returns the form in which the clients of an endpoint read errors. Absent: the usual form.
   * @param endpoint absent where none matches
   * @param body absent where it has not been read
   */
  errorForm?(endpoint: Endpoint | undefined, body: Json | undefined, headers: Headers): ErrorForm | undefined
  /**
   * Removes from the answers the identity that `rewrite` puts into bodies. Absent: `rewrite` puts
   * none there.
   */
  identityRemoved?(channels: IdentityChannels): AnswerChange | undefined
  /** Changes the answers to some operations. Absent: such answers pass as they are. */
  answerChange?(asked: Answered): AnswerChange | undefined
  /**
   * Writes, in this protocol, that a stream broke, as one whole server-sent event. Absent: the
   * connection is broken off.
   */
  brokenStream?(code: string, message: string): string
  /**
   * Tells whether an event with this data ends the run. A connection that breaks after it has lost
   * nothing.
   */
  isLast?(data: Json): boolean
}
