import { composed } from './agents/answer-change'
import type { Call } from './agents/call'
import { pathOf } from './agents/endpoint-tree'
import { type Isolated, isolate, rowsOf } from './agents/thread-isolation'
import type { SigningKeys } from './assertion/keys'
import { createSigner } from './assertion/sign'
import { AuditRecord } from './audit/event'
import { auditLine } from './audit/line'
import { authenticate } from './authentication/authenticate'
import type { Authenticator } from './authentication/authenticator'
import { eraseToken } from './authentication/credential'
import { createJwtAuthenticators } from './authentication/jwt/authenticator'
import { variable } from './config/env'
import type { Configuration } from './config/load'
import type { LoadedRoute } from './config/route'
import { createEnding } from './ending'
import { problem } from './errors/problem'
import { asRefusal, Refusal } from './errors/refusal'
import { askThrough } from './origin/ask'
import { originUri } from './origin/forward'
import { type Reply, replyTo } from './origin/reply'
import { type Permission, permissionOf } from './policy/permission'
import type { Background, Ports } from './ports'
import { challengeFor } from './protected-resource'
import { answerPreflight, corsHeaders, isPreflight, refuseForeignOrigin, rulesOfAll } from './request/cors'
import { incomingBody } from './request/incoming'
import { match } from './request/match'
import { checkedPath, parseTarget, type Target } from './request/target'
import { readTrace, type Trace } from './request/trace'
import { wantsWebSocket, webSocketHeaders } from './request/upgrade'
import { refuseLoop } from './request/via'
import { createSender, type RequestContext } from './send'
import { createThreadContexts } from './threads/context'

export type Gateway = (request: Request, background: Background) => Promise<Response>

/** A route, and what opens it. */
interface Entrance {
  readonly route: LoadedRoute
  readonly authenticators: readonly Authenticator[]
}

/** What is known of a request once its route is. */
interface Arrival {
  readonly entrance: Entrance
  readonly target: Target
  /** The path below the route. */
  readonly rest: string
  readonly trace: Trace
  readonly record: AuditRecord
}

/**
 * The way of a request, top to bottom. No step returns to an earlier one, and no other file knows the order. What a step finds
 * is a constant that later steps are given, so that none can be left out or run on something else's data. A refusal is thrown
 * where it is found and answered in one place.
 */
export function createGateway(config: Configuration, signingKeys: () => Promise<SigningKeys>, ports: Ports): Gateway {
  const jwtAuthenticator = createJwtAuthenticators(ports, signingKeys)
  const entrances = new Map<string, Entrance>()
  for (const [path, route] of config.routes)
    entrances.set(path, { route, authenticators: [jwtAuthenticator(route.trust)] })
  const threadContextOf = createThreadContexts(variable(config.environment, 'THREAD_SECRET'), ports)
  const senderFor = createSender(config, createSigner(config.publicUrl, signingKeys, ports))
  const host = new URL(config.publicUrl).host
  const corsOfAll = rulesOfAll([...config.routes.values()].map((route) => route.cors))

  return async function handle(request, background) {
    const { headers } = request
    const trace = readTrace(headers, ports.randomId)
    const record = new AuditRecord(trace, request, ports.now)
    const ending = createEnding(background)
    ending.onEnd((stream) => {
      if (stream) record.note({ stream })
      return ports.emit(auditLine(record.close()))
    })
    let route: LoadedRoute | undefined
    try {
      const target = parseTarget(request.url, config.hosts)
      record.notePath(target.path)
      refuseLoop(headers, host)
      const matched = match(entrances, target)
      route = matched?.route.route
      if (route) record.note({ route: route.id })
      if (isPreflight(request)) {
        const answer = answerPreflight(route?.cors ?? corsOfAll, headers)
        record.note({ outcome: 'preflight', status: answer.status })
        ending.settle()
        return answer
      }
      if (!matched) throw new Refusal('route-unknown')
      const { route: entrance, rest } = matched
      const reply = await pass(request, background, { entrance, target, rest, trace, record })
      if (reply.done) void reply.done.then(ending.settle)
      else ending.settle()
      return reply.response
    } catch (thrown) {
      const refusal = asRefusal(thrown)
      record.noteRefusal(refusal)
      ending.settle()
      const challenge = route ? challengeFor(route, config.publicUrl) : { realm: 'sallyport' }
      return problem(refusal, trace.requestId, challenge, corsHeaders(route?.cors ?? corsOfAll, headers))
    }
  }

  /** Both doors, in four acts: from the credential to the agent's answer. */
  async function pass(request: Request, background: Background, arrival: Arrival): Promise<Reply> {
    const { entrance, target, rest, trace, record } = arrival
    const { route } = entrance
    const { adapter } = route
    const { method, headers } = request

    // Who is asking?
    const found = route.find(method, rest)
    const listed = found && 'endpoint' in found ? found : undefined
    const incoming = incomingBody(request, listed?.endpoint, route.limits.bodyBytes)
    // Only a route that takes tokens from bodies reads one before it knows who sends it.
    const early = route.tokenInBody ? await incoming.json() : undefined
    const inBody = early === undefined ? [] : (adapter.takeTokens?.(early) ?? [])
    const sources = { headers, path: target.path, query: target.query, inBody }
    const { credential, principal } = await authenticate(
      { authenticators: entrance.authenticators, isPublic: route.isPublic },
      sources,
      ports.now(),
      background,
    )
    record.noteVerified(principal)

    // What do they want, and may they?
    if (!found) throw new Refusal('operation-unknown')
    if ('allow' in found) throw new Refusal('method-not-allowed', undefined, { allow: found.allow })
    const { endpoint, params } = found
    if (adapter.refusesForeignOrigins) refuseForeignOrigin(headers, route.cors.origins, adapter.kind)
    const isWebSocket = wantsWebSocket(headers, endpoint, route.cors.origins)
    const asked = { endpoint, params, query: target.query, headers, body: await incoming.json() }
    const operations = adapter.operationsOf?.(asked) ?? [endpoint.operation]
    record.note({ operation: operations.join(' ') })
    const permission = permissionOf(route, principal, (decision) => record.noteDecision(decision))
    permission.require(operations)

    // What does the agent see?
    const identity = { channels: route.identity, principal }
    const body = asked.body === undefined ? undefined : adapter.rewrite(asked.body, { ...asked, operations }, identity)
    const context: RequestContext = { route, principal, credential, trace, record, signal: request.signal }
    const send = senderFor(context)
    const { call, change } = await isolated({ ...asked, operations, body }, context, permission, send)
    record.lap('threads')
    const thread = eraseToken(adapter.threadOf(call), credential)
    record.noteThread(thread)
    const path = call.params === params ? rest : checkedPath(pathOf(endpoint, call.params))
    const uri = originUri(route.origin, path, call.query)

    // Through the inner door, and back.
    const response = await send({
      method,
      uri,
      id: trace.requestId,
      from: call.headers,
      json: call.body,
      thread,
      webSocket: isWebSocket ? webSocketHeaders(headers) : {},
      upload: incoming.upload(),
    })
    record.lap('origin')
    const reply = await replyTo(response, method, {
      adapter,
      place: { origin: route.origin, requestUri: uri, routePath: route.path },
      change: composed([route.identityOut, adapter.answerChange?.(operations, route.place), change]),
      isStream: rowsOf(call, route.rowOf).some((row) => row?.streams),
      watchesSilence: route.watchesSilence,
      headers: { ...corsHeaders(route.cors, headers), 'x-request-id': trace.requestId },
      limits: route.limits,
      signal: request.signal,
    })
    record.noteForwarded(reply.response.status)
    return reply
  }

  /** The call as it may reach the agent: where threads are owned, it touches only the caller's. */
  async function isolated(
    call: Call,
    { route, principal }: RequestContext,
    permission: Permission,
    send: ReturnType<typeof senderFor>,
  ): Promise<Isolated> {
    const { threads } = route.adapter
    if (!principal || !threads || route.threads === 'shared') return { call }
    const ask = askThrough(
      ({ path, ...question }, stop) =>
        send({ ...question, uri: originUri(route.origin, path, ''), id: ports.randomId(), from: new Headers(), stop }),
      route.limits,
    )
    const context = await threadContextOf(principal, route, { permits: permission.has, ask })
    return isolate(call, rowsOf(call, route.rowOf), threads, context)
  }
}
