import type { Json } from './agents/adapter'
import { headersOf } from './agents/identity'
import type { Signer } from './assertion/sign'
import type { AuditRecord } from './audit/event'
import type { Credential } from './authentication/credential'
import type { Principal } from './authentication/principal'
import { credentialHeader } from './config/env'
import type { Configuration } from './config/load'
import type { LoadedRoute } from './config/route'
import { forward } from './origin/forward'
import { requestHeaders } from './origin/headers'
import { type LimitedBody, writeJson } from './request/body'
import type { Trace } from './request/trace'
import { viaEntry } from './request/via'

/** One request to an agent, before it is signed. */
export interface Sending {
  readonly method: string
  /** Path and query as the agent sees them. */
  readonly uri: string
  /** The assertion's `jti`. Agents may take each but once. */
  readonly id: string
  /** The caller's headers, from which those on the list are taken. */
  readonly from: Headers
  readonly json: Json | undefined
  readonly thread?: string | undefined
  readonly webSocket?: Readonly<Record<string, string>>
  /** A body that passes unread. */
  readonly upload?: LimitedBody | undefined
  /** Aborted when nobody wants the answer any more. */
  readonly stop?: AbortSignal
}

/** On whose behalf, and for which of the caller's requests. */
export interface Behalf {
  readonly route: LoadedRoute
  readonly principal: Principal | undefined
  readonly credential: Credential | undefined
  readonly trace: Trace
  readonly record: AuditRecord
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal
}

/**
 * The inner door, which every request to an agent goes through: the caller's own, and what the gate asks on its behalf. The
 * body is written, the identity signed for just this request, headers are built from nothing, and it is made once.
 *
 * @returns what throws the Refusals of `Signer.sign` and of `forward`, and `configuration-incomplete` where a secret is missing
 */
export function createSender(config: Configuration, signer: Signer) {
  const via = viaEntry(new URL(config.publicUrl).host)

  return ({ route, principal, credential, trace, record, signal }: Behalf) => {
    const as = route.identity.assertion
    const hasToken = (value: string) => credential?.isIn(value) ?? false

    return async ({
      method,
      uri,
      id,
      from,
      json,
      thread,
      webSocket = {},
      upload,
      stop,
    }: Sending): Promise<Response> => {
      const body = json === undefined ? undefined : writeJson(json, credential)
      const binding = { route: route.id, method, uri, thread, body }
      const assertion =
        principal && as !== 'off'
          ? { as, value: await signer.sign(principal, route.assertion, as, binding, id) }
          : undefined
      record.lap('sign')
      const headers = requestHeaders(from, route.forwardHeaders, hasToken, {
        identity: route.identity.headers ? headersOf(principal) : {},
        assertion,
        credential: credentialHeader(route.credential, config.environment),
        isJson: body !== undefined,
        webSocket,
        traceparent: trace.traceparent,
        tracestate: trace.tracestate,
        via,
      })
      const { firstByteSeconds } = route.limits
      return await forward(route.origin, { method, uri, headers, body: body ?? upload, signal, stop, firstByteSeconds })
    }
  }
}
