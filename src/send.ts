import { headersOf, quietName } from './agents/identity'
import type { Signer } from './assertion/sign'
import type { AuditRecord } from './audit/event'
import type { Authentication } from './authentication/authenticate'
import { agentSecret } from './config/env'
import type { Configuration } from './config/load'
import type { LoadedRoute } from './config/loaded-route'
import { Refusal } from './errors/refusal'
import type { Json } from './json'
import { forward } from './origin/forward'
import { requestHeaders } from './origin/headers'
import type { After } from './ports'
import { type LimitedBody, writeJson } from './request/body'
import type { Trace } from './request/trace'
import { viaEntry } from './request/via'

/** The header for the assertion, if the assertion is not sent as a bearer token. */
const ASSERTION = 'x-sallyport-assertion'

/** The facts about a caller's request that the gateway needs for its requests to the agent. */
export interface RequestContext extends Authentication {
  readonly route: LoadedRoute
  readonly trace: Trace
  readonly record: AuditRecord
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal
  readonly after: After
}

/** One request to an agent, before it is signed. */
export interface AgentRequest {
  readonly method: string
  /** The path and query that the agent receives. */
  readonly uri: string
  /** The assertion's `jti`. Agents may accept each `jti` only once. */
  readonly id: string
  /**
   * The caller's headers. Only headers that the gateway's list or the route's list names are sent.
   */
  readonly from: Headers
  readonly json: Json | undefined
  readonly thread?: string | undefined
  readonly webSocket?: Readonly<Record<string, string>>
  /** A body that is passed on without being read. */
  readonly upload?: LimitedBody | undefined
  /** How long the agent may take to begin its answer. */
  readonly firstByteSeconds: number
  /** Aborted when the answer is not needed any more. */
  readonly stop?: AbortSignal
}

/** An agent's answer. */
export interface Answered {
  readonly response: Response
  /** The credentials that the gateway added to the request. Only the agent may see them. */
  readonly credentials: readonly string[]
}

/** Sends one request to the agent of a route. */
export type Send = (request: AgentRequest) => Promise<Answered>

/**
 * Creates the function through which every request to an agent is sent: the caller's own, and the
 * gateway's questions on the caller's behalf. The function writes the body, signs the identity for
 * this one request, builds new headers, and sends the request once.
 *
 * @returns a function that throws the Refusals of `Signer.sign` and of `forward`,
 *   `configuration-incomplete` if a secret is missing, and `origin-unauthorized` if the agent
 *   refuses a credential that the gateway added
 */
export function createSender(config: Configuration, signer: Signer) {
  const via = viaEntry(new URL(config.publicUrl).host)

  return ({ route, principal, credential, trace, record, signal, after }: RequestContext): Send => {
    const as = route.identity.assertion
    const hasToken = (value: string) => credential?.isIn(value) ?? false
    const plain = route.identity.headers ? headersOf(principal) : {}
    const identity = route.adapter.handsHeadersOn
      ? Object.fromEntries(Object.entries(plain).map(([name, value]) => [quietName(name), value]))
      : plain
    const tracestate = trace.tracestate === undefined ? {} : { tracestate: trace.tracestate }

    return async (request) => {
      const { method, uri, thread, webSocket = {}, upload, firstByteSeconds, stop } = request
      const body = request.json === undefined ? undefined : writeJson(request.json, credential)
      const assertion =
        principal && as !== 'off'
          ? await signer.sign(
              principal,
              route.assertion,
              as,
              { route: route.id, method, uri, thread, body },
              request.id,
            )
          : undefined
      record.lap('sign')
      const headers = requestHeaders(request.from, route.forwardHeaders, hasToken, [identity, webSocket, tracestate])
      if (assertion !== undefined && as === 'bearer') headers.authorization = `Bearer ${assertion}`
      else if (assertion !== undefined)
        headers[route.adapter.handsHeadersOn ? quietName(ASSERTION) : ASSERTION] = assertion
      const secret = agentSecret(route.credential, config.environment)
      const added: string[] = []
      if (assertion !== undefined) added.push(assertion)
      if (secret !== undefined) added.push(secret)
      if (route.credential && secret !== undefined)
        headers[route.credential.header] = route.credential.scheme ? `${route.credential.scheme} ${secret}` : secret
      if (body) headers['content-type'] = 'application/json'
      headers.traceparent = trace.traceparent
      headers.via = via
      // Compression would hold back the events of a stream.
      headers['accept-encoding'] = 'identity'
      const response = await forward(
        route.origin,
        { method, uri, headers, body: body ?? upload, signal, stop, firstByteSeconds },
        after,
      )
      // The gateway has accepted the caller, so the agent's 401 does not concern the caller's
      // token. A client that received it would sign in again and again.
      if (response.status === 401 && added.length > 0) {
        void response.body?.cancel().catch(() => undefined)
        throw new Refusal('origin-unauthorized', assertion === undefined ? 'secret' : 'assertion')
      }
      return { response, credentials: added }
    }
  }
}
