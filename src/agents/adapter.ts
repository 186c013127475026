import type { Principal } from '../authentication/principal'
import type { ErrorForm } from '../errors/forms'
import type { Json } from '../json'
import type { Sharing } from '../threads/owner'
import type { AnswerChange } from './answer-change'
import type { Call } from './call'
import type { BodyOperation, Endpoint } from './endpoints'
import type { IdentityChannels } from './identity'
import type { ThreadIsolation } from './thread-isolation'

/** Where the agent is, as callers see it and as it sees itself. */
export interface PublicPlace {
  /** The gateway's address of the route: absolute, without a slash at its end. */
  readonly url: string
  /** The path that the origin puts before everything, without a slash at its end. */
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
 * All that Sallyport knows of one kind of agent.
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
   * The agent hands `authorization` and `x-*` headers on to whom it calls, its model's vendor among
   * them, so the headers of identity are called `sallyport-*`.
   */
  readonly handsHeadersOn?: true
  /** Channels inside bodies that the kind has. A route may set no others. */
  readonly bodyChannels?: readonly Exclude<keyof IdentityChannels, 'assertion' | 'headers'>[]
  /**
   * Whether the agent may keep the identity that a body brought, and go on with it when another
   * person answers or edits. Of an agent that is not known, this is so.
   */
  readonly storesIdentity?: boolean
  /**
   * Seconds of silence after which the gateway sends a comment; 0 where the agent sends its own.
   */
  readonly heartbeatSeconds: number
  /**
   * More request headers that may reach this kind, in lower case; `name-*` for all that begin so.
   */
  readonly requestHeaders?: readonly string[]
  /** More reply headers that may reach the caller. */
  readonly responseHeaders?: readonly string[]
  /**
   * Headers that this kind's pages send and that do not reach the agent: browsers need leave to
   * send them.
   */
  readonly ignoredHeaders?: readonly string[]
  /** A browser that names a web origin must name one of the route's, on every request. */
  readonly refusesForeignOrigins?: true
  /** How the threads of this kind are kept apart. Absent: it has none. */
  readonly threads?: ThreadIsolation<Whose>

  /**
   * Takes tokens out of the body, as they stand there, with or without their scheme. Absent: bodies
   * of this kind have no place for one.
   */
  takeTokens?(body: Json): readonly Json[]
  /**
   * The question that clients ask before they have a token, or before they send it, and how to know
   * it. It is open where the route says so: by `tokenInBody`, or by `publicCard`. Absent: there is
   * none.
   */
  readonly withoutToken?: {
    readonly operation: string
    is(endpoint: Endpoint, body: Json | undefined): boolean
  }
  /**
   * Names everything that a request asks for, by its path and by its query or body: the route must
   * offer and a policy permit it all. Absent: the endpoint's operation, and nothing beside it.
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
   * How the clients of an endpoint read errors. Absent: as those of all others do.
   * @param endpoint absent where none matches
   * @param body absent where it has not been read
   */
  errorForm?(endpoint: Endpoint | undefined, body: Json | undefined, headers: Headers): ErrorForm | undefined
  /**
   * Takes the identity that `rewrite` puts into bodies out of the answers. Absent: `rewrite` puts
   * none there.
   */
  identityRemoved?(channels: IdentityChannels): AnswerChange | undefined
  /** Changes the answers to some operations. Absent: such answers pass as they are. */
  answerChange?(asked: Answered): AnswerChange | undefined
  /**
   * How this protocol says that a stream broke, as one whole server-sent event. Absent: the
   * connection is broken off.
   */
  brokenStream?(code: string, message: string): string
  /**
   * Whether an event with this data ends the conversation, so that a connection cut after it has
   * lost nothing.
   */
  isLast?(data: Json): boolean
}
