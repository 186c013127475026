import { composed } from './agents/answer-change'
import type { Call } from './agents/call'
import { pathOf } from './agents/endpoint-tree'
import { rowsOf } from './agents/thread-isolation'
import type { SigningKeys } from './assertion/keys'
import { type AuditEvent, AuditRecord } from './audit/event'
import { auditLine } from './audit/line'
import { authenticate, CLOSED, refuseOthers } from './authentication/authenticate'
import { hasBearer } from './authentication/bearer'
import { eraseToken } from './authentication/credential'
import { hasKey, withoutCredentials } from './authentication/kinds'
import { endingOf, endSocket, endTimeOf, stoppable, type Watch } from './authority'
import type { Configuration } from './config/load'
import type { LoadedRoute } from './config/loaded-route'
import { createEnding } from './ending'
import { type ErrorForm, statusOf } from './errors/forms'
import { outside, problem } from './errors/problem'
import { asRefusal, Refusal } from './errors/refusal'
import { countRequest } from './limits/rate'
import { oneTimer } from './one-timer'
import { credentialsOut } from './origin/credentials-out'
import { originUri } from './origin/forward'
import { type Reply, replyTo } from './origin/reply'
import { permissionOf } from './policy/permission'
import type { Background, Ports } from './ports'
import { challengeFor } from './protected-resource'
import { answerPreflight, corsHeaders, isPreflight, refuseForeignOrigin } from './request/cors'
import { EARLY_BYTES, incomingBody, tokensIn } from './request/incoming'
import { match } from './request/match'
import { checkedPath, parseTarget, type Target } from './request/target'
import { readTrace, type Trace } from './request/trace'
import { wantsWebSocket, webSocketHeaders } from './request/upgrade'
import { refuseLoop } from './request/via'
import { createServices, type Services } from './services'

export type Gateway = (request: Request, background: Background) => Promise<Response>

/**
 * Creates the gateway. `handle` takes each request first, and then the four parts ("acts") of
 * `pass` in order. No step returns to an earlier one, and no other file knows the order. Later
 * steps take the results of earlier steps as constants, so that no step can be left out. A refusal
 * is thrown at the step that finds the fault. One place turns it into an answer.
 */
export function createGateway(config: Configuration, signingKeys: () => Promise<SigningKeys>, ports: Ports): Gateway {
  const services = createServices(config, signingKeys, ports)
  return (request, background) => handle(services, request, background)
}

async function handle(services: Services, request: Request, background: Background): Promise<Response> {
  const { config, ports, host, corsOfAll } = services
  const { headers } = request
  const trace = readTrace(headers, ports.randomId)
  const record = new AuditRecord(trace, request, ports.now)
  const emitted = (event: AuditEvent) => ports.emit(auditLine(event, withoutCredentials))
  const ending = createEnding(background)
  ending.onEnd((stream) => {
    if (stream) record.note({ stream })
    return emitted(record.close())
  })
  let route: LoadedRoute | undefined
  const asked: Arrival['asked'] = {}
  try {
    const target = parseTarget(request.url, config.hosts)
    record.notePath(target.path)
    refuseLoop(headers, host)
    const matched = match(config.routes, target)
    route = matched?.route
    if (route) record.note({ route: route.id })
    if (isPreflight(request)) {
      const response = answerPreflight(route?.cors ?? corsOfAll, headers)
      record.note({ outcome: 'preflight', status: response.status })
      ending.settle()
      return response
    }
    if (!matched) throw new Refusal('route-unknown')
    const arrival = { ...matched, target, trace, record, asked }
    const { response, done } = await pass(services, request, background, arrival)
    if (!done) ending.settle()
    else {
      if (matched.route.audit.begin) background.waitUntil(Promise.resolve(emitted(record.opening())))
      void done.then(ending.settle, () => ending.settle('cut'))
    }
    return response
  } catch (thrown) {
    const refusal = asRefusal(thrown)
    record.noteRefusal(refusal, statusOf(refusal, asked.form))
    ending.settle()
    const challenge = route ? challengeFor(route, config.publicUrl) : outside
    const more = { ...route?.rates.headers, ...corsHeaders(route?.cors ?? corsOfAll, headers) }
    return problem(refusal, trace.requestId, challenge, more, asked.form)
  }
}

/** A request for which the route has been found. */
interface Arrival {
  readonly route: LoadedRoute
  readonly target: Target
  /** The part of the request's path that follows the route's path. */
  readonly rest: string
  readonly trace: Trace
  readonly record: AuditRecord
  /** The format of error answers for this caller. It is set as soon as the gateway knows it. */
  readonly asked: { form?: ErrorForm | undefined }
}

/** Takes a request through four acts, from the caller's credential to the agent's answer. */
async function pass(services: Services, request: Request, background: Background, arrival: Arrival): Promise<Reply> {
  const { config, ports, entranceOf, senderFor, isolate, beginRead, revocations } = services
  const { route, target, rest, trace, record } = arrival
  const { adapter } = route
  const { method, headers, signal } = request
  const { query } = target
  const startedAt = ports.now()
  const after = oneTimer(ports)

  if (revocations) await revocations.admit(route, undefined, background)
  const counted = { route: route.id, address: headers.get('cf-connecting-ip') ?? undefined, operations: [] }
  if (route.rates.ofAddresses.length > 0) await countRequest(route.rates.ofAddresses, counted, ports)

  // Act 1: finds out who the caller is.
  const found = route.find(method, rest)
  const listed = found && 'endpoint' in found ? found.endpoint : undefined
  arrival.asked.form = adapter.errorForm?.(listed, undefined, headers)
  // Only a route that takes tokens from bodies reads a body before the caller is known, and only if
  // the headers hold no bearer token or API key.
  const isEarly = route.tokenInBody && !hasBearer(headers) && !hasKey(route.trust, headers)
  const { bodyBytes } = route.limits
  const most = isEarly ? Math.min(bodyBytes, EARLY_BYTES) : bodyBytes
  const incoming = incomingBody(request, listed, most, () =>
    (isEarly || route.isPublic ? beginRead.unknown : beginRead.known)(after),
  )
  const early = isEarly ? await incoming.json() : undefined
  const inBody = tokensIn(route, early)
  const entrance = entranceOf.get(route) ?? CLOSED
  const isOpen = listed && route.isOpen(listed, early)
  const sources = { method, gatewayUrl: config.publicUrl, path: target.path, query, headers, inBody }
  const wanted = route.isPublic ? 'never' : isOpen ? 'if-told' : 'always'
  const caller = await authenticate(entrance, wanted, sources, startedAt, background)
  const { principal, credential } = caller
  record.noteVerified(principal)
  if (revocations && principal) await revocations.admit(route, principal, background)

  // Act 2: finds the operations of the request, and checks that the caller is permitted to do them.
  if (!found) throw new Refusal('operation-unknown')
  const isWebSocket = wantsWebSocket(headers, listed, route.pageOrigins)
  if ('allow' in found) throw new Refusal('method-not-allowed', undefined, { allow: found.allow })
  const { endpoint, params } = found
  if (adapter.refusesForeignOrigins) refuseForeignOrigin(headers, route.pageOrigins, adapter.kind)
  const given = { endpoint, params, query, headers, body: await incoming.json() }
  if (route.tokenInBody && !isEarly) refuseOthers(entrance, { ...sources, inBody: tokensIn(route, given.body) })
  arrival.asked.form = adapter.errorForm?.(endpoint, given.body, headers)
  const operations = adapter.operationsOf?.(given, route.threads) ?? [endpoint.operation]
  record.note({ operations })
  const permission = permissionOf(route, principal, record)
  permission.require(operations)
  if (route.rates.ofCallers.length > 0)
    await countRequest(route.rates.ofCallers, { ...counted, caller: principal, operations }, ports)

  // Act 3: prepares the request as the agent will see it.
  const asked: Call = { ...given, operations }
  const identity = { channels: route.identity, principal }
  const body = asked.body === undefined ? undefined : adapter.rewrite(asked.body, asked, identity)
  const send = senderFor({ ...caller, route, trace, record, signal, after })
  const rows = rowsOf(asked, route.rowOf)
  const { call, change } = await isolate({ ...asked, body }, { route, principal, permission, rows, send })
  record.lap('threads')
  const thread = eraseToken(adapter.threadOf(call), credential)
  record.noteThread(thread)
  const path = call.params === params ? rest : checkedPath(pathOf(endpoint, call.params))
  const uri = originUri(route.origin, path, call.query)

  await revocations?.admit(route, principal, background) // Checked again, as reading the body may take long.
  const isListening = isWebSocket || rows.some((row) => row?.listens)
  const endTime = endTimeOf(principal, isListening, route.limits, startedAt)
  const stop = isWebSocket || revocations ? new AbortController() : undefined
  // A WebSocket may last longer than `after`, the request's shared timer, so it has its own.
  const within = { after: isWebSocket ? ports.after : after, now: ports.now, background }
  const watch: Watch | undefined = revocations && ((work) => revocations.watch(route, principal, within, work))

  // Act 4: sends the request to the agent, and passes its answer on.
  return stoppable(stop, watch, async () => {
    const { response, credentials } = await send({
      method,
      uri,
      id: trace.requestId,
      firstByteSeconds: route.limits.firstByteSeconds,
      from: call.headers,
      json: call.body,
      thread,
      webSocket: isWebSocket ? webSocketHeaders(headers) : {},
      upload: incoming.upload(),
      ...(stop && { stop: stop.signal }),
    })
    record.lap('origin')
    const end = endingOf(endTime, within, watch)
    if (stop && response.webSocket) endSocket(stop, end, signal, background)
    const reply = await replyTo(response, method, {
      adapter,
      replyHeaders: route.replyHeaders,
      place: { origin: route.origin, requestUri: uri, routePath: route.path },
      change: composed([route.identityRemoved, adapter.answerChange?.({ operations, place: route.place }), change]),
      isRun: rows.some((row) => row?.streams),
      watchesSilence: route.watchesSilence,
      headers: [
        route.ownReplyHeaders,
        route.rates.headers,
        corsHeaders(route.cors, headers),
        { 'x-request-id': trace.requestId },
      ],
      limits: route.limits,
      credentials: credentialsOut(credentials, () => record.note({ warning: 'credential-echoed' })),
      signal,
      end,
      after,
    })
    record.noteForwarded(reply.response.status)
    return reply
  })
}
