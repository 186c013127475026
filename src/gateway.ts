import { pathOf } from './agents/endpoints'
import type { Kept } from './agents/thread-isolation'
import type { SigningKeys } from './assertion/keys'
import { createSigner } from './assertion/sign'
import { AuditRecord } from './audit/event'
import { auditLine } from './audit/line'
import { eraseToken, oneCredential, takeCredential } from './authentication/credential'
import { createKeyStore } from './authentication/jwt/keys'
import { VerifiedTokens } from './authentication/jwt/verified'
import { verify } from './authentication/jwt/verify'
import { variable } from './config/env'
import type { Configuration } from './config/load'
import type { LoadedRoute } from './config/route'
import { problem } from './errors/problem'
import { asRefusal, Refusal } from './errors/refusal'
import { askThrough } from './origin/ask'
import { originUri } from './origin/forward'
import { type Reply, replyTo } from './origin/reply'
import { decide } from './policy/decide'
import { enforce } from './policy/enforce'
import type { Background, Ports } from './ports'
import { challengeFor } from './protected-resource'
import { isForm, limitBody, readJson } from './request/body'
import { answerPreflight, corsHeaders, isPreflight, refuseForeignOrigin, rulesOfAll } from './request/cors'
import { match } from './request/match'
import { checkedPath, parseTarget, type Target } from './request/target'
import { readTrace, type Trace } from './request/trace'
import { wantsWebSocket, webSocketHeaders } from './request/upgrade'
import { refuseLoop } from './request/via'
import { createSender } from './send'
import { createKeepers } from './threads/context'

export type Gateway = (request: Request, background: Background) => Promise<Response>

/**
 * The way of a request, top to bottom. No step returns to an earlier one, and no other file knows the order. What a step finds
 * is a constant that later steps are given, so that none can be left out or run on something else's data. A refusal is thrown
 * where it is found and answered in one place.
 */
export function createGateway(config: Configuration, signingKeys: () => Promise<SigningKeys>, ports: Ports): Gateway {
  const means = { keys: createKeyStore(ports, signingKeys), verified: new VerifiedTokens() }
  const keeperOf = createKeepers(variable(config.environment, 'THREAD_SECRET'), ports)
  const sender = createSender(config, createSigner(config.publicUrl, signingKeys, ports))
  const host = new URL(config.publicUrl).host
  const corsOfAll = rulesOfAll([...config.routes.values()].map((route) => route.cors))

  return async function handle(request, background) {
    const { headers } = request
    const trace = readTrace(headers, ports.randomId)
    const record = new AuditRecord(trace, request, ports.now)
    let corsRules = corsOfAll
    let asked: LoadedRoute | undefined
    let reply: Reply | undefined
    // The Worker would be stopped when the caller leaves before the reply, and with it the line that says so.
    const written = Promise.withResolvers<void>()
    background.waitUntil(written.promise)
    try {
      const target = parseTarget(request.url, config.hosts)
      record.notePath(target.path)
      refuseLoop(headers, host)
      const matched = match(config.routes, target)
      if (matched) record.note({ route: matched.route.id })
      corsRules = matched?.route.cors ?? corsOfAll
      if (isPreflight(request)) return answered(answerPreflight(corsRules, headers), record)

      if (!matched) throw new Refusal('route-unknown')
      const { route, rest } = matched
      asked = route
      reply = await pass(request, background, { route, target, rest, trace, record })
      return reply.response
    } catch (thrown) {
      const refusal = asRefusal(thrown)
      record.noteRefusal(refusal)
      const challenge = asked ? challengeFor(asked, config.publicUrl) : { realm: 'sallyport' }
      return problem(refusal, trace.requestId, challenge, corsHeaders(corsRules, headers))
    } finally {
      const write = () => {
        ports.emit(auditLine(record.close()))
        written.resolve()
      }
      if (reply?.done) reply.done.then((stream) => record.note({ stream })).finally(write)
      else write()
    }
  }

  interface Passage {
    readonly route: LoadedRoute
    readonly target: Target
    readonly rest: string
    readonly trace: Trace
    readonly record: AuditRecord
  }

  /** Both doors: from the credential to the origin's answer. */
  async function pass(request: Request, background: Background, passage: Passage): Promise<Reply> {
    const { route, target, rest, trace, record } = passage
    const { method, headers } = request

    const found = route.find(method, rest)
    const asked = found && 'endpoint' in found ? found.endpoint : undefined
    const isJson = asked?.body === 'json' && !(asked.form && isForm(headers))
    const readBody = () => (isJson ? readJson(request, route.limits.bodyBytes) : undefined)
    // Only a route that takes tokens from bodies reads one before it knows who sends it.
    const early = route.tokenInBody ? await readBody() : undefined
    const inBody = early === undefined ? [] : (route.adapter.takeTokens?.(early) ?? [])
    // The raw token is in this object and nowhere else. Other credentials, such as API keys, will be taken here too.
    const credential = oneCredential(takeCredential(headers, target), inBody, target)
    if (!credential && !route.isPublic) throw new Refusal('token-missing')
    const principal =
      credential && !route.isPublic ? await verify(credential, route.trust, means, ports.now(), background) : undefined
    record.noteVerified(principal)

    if (!found) throw new Refusal('operation-unknown')
    if ('allow' in found) throw new Refusal('method-not-allowed', undefined, { allow: found.allow })
    const { endpoint, params } = found
    if (route.adapter.refusesForeignOrigins) refuseForeignOrigin(headers, route.cors.origins, route.adapter.kind)
    const isWebSocket = wantsWebSocket(headers, endpoint, route.cors.origins)
    const input = route.tokenInBody ? early : await readBody()
    const operations = route.adapter.operationsOf?.({
      endpoint,
      params,
      query: target.query,
      headers,
      body: input,
    }) ?? [endpoint.operation]
    record.note({ operation: operations.join(' ') })
    if (!operations.every(route.offers)) throw new Refusal('operation-unknown')

    if (principal) {
      for (const operation of operations) {
        const decision = decide(route.policies, principal, operation)
        record.noteDecision(decision)
        enforce(decision)
      }
    }

    // Limits per person (requests per minute, concurrent runs) belong here: after who and what are known, before any cost.

    const rewriting = { endpoint, operations, channels: route.identity, principal }
    const rewritten = input === undefined ? undefined : route.adapter.rewrite(input, rewriting)

    const send = sender({ route, principal, credential, trace, record, signal: request.signal })
    const ask = askThrough(
      ({ path, ...question }, stop) =>
        send({ ...question, uri: originUri(route.origin, path, ''), id: ports.randomId(), from: new Headers(), stop }),
      route.limits,
    )
    const permits = (operation: string) =>
      route.offers(operation) &&
      principal !== undefined &&
      decide(route.policies, principal, operation).effect === 'allow'
    const keeping = route.threads === 'shared' ? undefined : route.adapter.threads
    const passing: Kept = { params, query: target.query, headers, body: rewritten }
    const kept =
      principal && keeping
        ? await keeping.keep(passing, { endpoint, operations }, await keeperOf(principal, route, { permits, ask }))
        : passing
    record.lap('threads')
    const thread = eraseToken(route.adapter.threadOf(kept.params, kept.body, endpoint), credential)
    record.noteThread(thread)
    const path = kept.params === params ? rest : checkedPath(pathOf(endpoint, kept.params))
    const uri = originUri(route.origin, path, kept.query)
    const response = await send({
      method,
      uri,
      id: trace.requestId,
      from: kept.headers,
      json: kept.body,
      thread,
      webSocket: isWebSocket ? webSocketHeaders(headers) : {},
      upload: endpoint.body && !isJson ? limitBody(request, route.limits.bodyBytes) : undefined,
    })
    record.lap('origin')

    const reply = await replyTo(response, method, {
      adapter: route.adapter,
      origin: route.origin,
      routePath: route.path,
      requestUri: uri,
      names: route.adapter.injectedNames(route.identity),
      isStream: operations.some((operation) => route.adapter.streams?.has(operation)),
      rewrite: route.adapter.answerOf?.(operations, {
        url: config.publicUrl + route.path.replace(/\/$/, ''),
        prefix: route.origin.prefix,
      }),
      restoration: kept.restoration,
      headers: { ...corsHeaders(route.cors, headers), 'x-request-id': trace.requestId },
      limits: route.limits,
      signal: request.signal,
    })
    record.noteForwarded(reply.response.status)
    return reply
  }
}

function answered(response: Response, record: AuditRecord): Response {
  record.note({ outcome: 'preflight', status: response.status })
  return response
}
