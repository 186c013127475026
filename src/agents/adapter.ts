import type { Principal } from '../authentication/principal'
import type { ErrorForm } from '../errors/forms'
import type { Json } from '../json'
import type { Sharing } from '../threads/owner'
import type { AnswerChange } from './answer-change'
import type { Call } from './call'
import type { BodyOperation, Endpoint } from './endpoints'
import type { IdentityChannels } from './identity'
import type { ThreadIsolation } from './thread-isolation'

/**
 * The address of a route's agent: the URL that callers use, and the path at the agent's own server.
 */
export interface PublicPlace {
  /** The absolute URL of the route at the gateway, without a slash at its end. */
  readonly url: string
  /** The path of the URL of the agent's server, without a slash at its end. */
  readonly prefix: string
}

/**
 * The verified caller, and the places (headers, members of a body) in which the agent receives the
 * caller's identity.
 */
export interface Identity {
  readonly channels: IdentityChannels
  /**
   * Absent on public routes, where the gateway removes forged identity and adds no identity itself.
   */
  readonly principal: Principal | undefined
}

/** The request that an answer belongs to. */
export interface Answered {
  readonly operations: readonly string[]
  readonly place: PublicPlace
}

/**
 * Everything that Sallyport knows about one kind of agent.
 * @typeParam Whose the names of the ownership rules that its endpoints use
 */
export interface Adapter<Whose extends string = string> {
  readonly kind: string
  readonly endpoints: readonly Endpoint<Whose>[]
  /** Operations that the body of a request names, at endpoints with `named: 'in-body'`. */
  readonly bodyOperations?: readonly BodyOperation<Whose>[]
  /** The places in which agents of this kind look for the user. A route may choose other places. */
  readonly identity: IdentityChannels
  /**
   * Set if agents of this kind forward `authorization` and `x-*` headers to the services that they
   * call, such as a model provider. The gateway then names its identity headers `sallyport-*`, so
   * that they are not forwarded.
   */
  readonly handsHeadersOn?: true
  /**
   * The members of request bodies in which agents of this kind can receive identity. A route may
   * use only these.
   */
  readonly bodyChannels?: readonly Exclude<keyof IdentityChannels, 'assertion' | 'headers'>[]
  /**
   * Whether the agent may store the identity from a request body, and use it again when another
   * person continues the thread. It is true for AG-UI agents whose behaviour is unknown.
   */
  readonly storesIdentity?: boolean
  /**
   * Seconds of silence in a stream after which the gateway sends a comment. With 0 it sends no
   * comments.
   */
  readonly heartbeatSeconds: number
  /**
   * Request headers, in lower case, that agents of this kind may receive in addition to the usual
   * ones. `name-*` means every header that begins with `name-`.
   */
  readonly requestHeaders?: readonly string[]
  /** Response headers that may reach the caller in addition to the usual ones. */
  readonly responseHeaders?: readonly string[]
  /**
   * Headers that web pages for this kind of agent send, but that the gateway does not forward to
   * the agent. CORS must allow them, or browsers would block the request.
   */
  readonly ignoredHeaders?: readonly string[]
  /**
   * If set, the gateway refuses a request whose `Origin` header names no web origin of the route.
   */
  readonly refusesForeignOrigins?: true
  /** The rules that separate the threads of different owners. Absent: this kind has no threads. */
  readonly threads?: ThreadIsolation<Whose>

  /**
   * Removes tokens from the body and returns the tokens as written, with or without a scheme such
   * as `Bearer`. Absent: request bodies for this kind of agent contain no tokens.
   */
  takeTokens?(body: Json): readonly Json[]
  /**
   * The operation that clients request before they have or send a token, and a function that
   * recognises it. The operation needs no token if the route sets `tokenInBody` or `publicCard`.
   * Absent: this kind of agent has no such operation.
   */
  readonly withoutToken?: {
    readonly operation: string
    is(endpoint: Endpoint, body: Json | undefined): boolean
  }
  /**
   * Returns all operations that a request asks for by its path, its query or its body. The route
   * must offer each operation, and its policies must permit each. Absent: a request asks only for
   * the operation of its endpoint.
   * @param threads who owns the threads of the route
   * @throws Refusal `operation-unknown`, `body-invalid` or `header-mismatch`
   */
  operationsOf?(call: Omit<Call, 'operations'>, threads: Sharing): readonly string[]
  /**
   * Removes identity that the caller put into the body, and adds the verified identity at the
   * places that the route chooses. The function may change the object `body` itself.
   * @throws Refusal `body-invalid` or `field-forbidden`
   */
  rewrite(body: Json, call: Call, identity: Identity): Json
  /**
   * Returns the id of the thread as the agent knows it, for the assertion's `thread_id` and the
   * audit line.
   */
  threadOf(call: Call): string | undefined
  /**
   * Returns the format in which the clients of an endpoint expect errors. Absent: errors have the
   * gateway's usual format.
   * @param endpoint absent if no endpoint matches the request
   * @param body absent if it has not been read
   */
  errorForm?(endpoint: Endpoint | undefined, body: Json | undefined, headers: Headers): ErrorForm | undefined
  /**
   * Returns a change that removes from answers the identity that `rewrite` puts into request
   * bodies. Absent: `rewrite` puts no identity into bodies.
   */
  identityRemoved?(channels: IdentityChannels): AnswerChange | undefined
  /**
   * Returns the change that the answers to some operations need. Absent: answers pass unchanged.
   */
  answerChange?(asked: Answered): AnswerChange | undefined
  /**
   * Returns a server-sent event that reports a broken stream in the agent's protocol. Absent: the
   * gateway aborts the connection to the caller.
   */
  brokenStream?(code: string, message: string): string
  /**
   * Tells whether an event with this data ends the run. If the connection breaks after that event,
   * the caller has already received the whole run.
   */
  isLast?(data: Json): boolean
}
