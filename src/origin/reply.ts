import type { Adapter, Json } from '../agents/adapter'
import type { Restoration } from '../agents/thread-isolation'
import { readAtMost } from '../bytes'
import type { Origin } from '../config/env'
import { Refusal } from '../errors/refusal'
import { mentions } from './events'
import { responseHeaders } from './headers'
import { apiLocation, publicLocation } from './location'
import { pump, readEvents, type StreamOutcome } from './stream'

/** A JSON reply that has to be cleared is held whole; larger ones are refused rather than passed unread. */
const MAX_SCRUBBED_BYTES = 8 * 1024 * 1024
/** A reply of known length up to this is taken whole: a pipe would cost more than all else that is done for it. */
const MAX_WHOLE_BYTES = 64 * 1024

export interface ReplyRules {
  readonly adapter: Adapter
  readonly origin: Origin
  readonly routePath: string
  /** Path and query as the origin saw them: what a relative `Location` is relative to. */
  readonly requestUri: string
  /** Names that were injected and may not come back. */
  readonly names: readonly string[]
  /** What a JSON answer has to be turned into, where it has. */
  readonly rewrite: ((answer: Json) => Json) | undefined
  /** How the caller's own ids are put back, where others took their place. */
  readonly restoration: Restoration | undefined
  /** Whether an answer that does not say what it is can only be a stream of events. */
  readonly isStream: boolean
  /** The gate's own: leave for a page to read the reply, and the request's id. */
  readonly headers: Readonly<Record<string, string>>
  readonly limits: { readonly heartbeatSeconds: number; readonly idleSeconds: number }
  readonly signal: AbortSignal
}

export interface Reply {
  readonly response: Response
  /** How it ended, where it has not already. */
  readonly done?: Promise<StreamOutcome>
}

/**
 * The origin's answer as the caller gets it: headers by allow-list, addresses that lead back through the gate, and a guard on
 * the body: native where nothing has to be read, reading where identity has to be cleared or silence filled.
 *
 * @throws Refusal `origin-reply-refused` for a redirect off the route and for content that cannot be cleared
 */
export async function replyTo(response: Response, method: string, rules: ReplyRules): Promise<Reply> {
  const { status, headers: from } = response
  if (response.webSocket) return { response: upgraded(from, response.webSocket) }
  const { adapter, names, restoration, limits, signal } = rules
  const type = from.get('content-type')
  const isStream = type === null ? rules.isStream && response.ok : /^text\/event-stream\b/i.test(type)
  const headers = responseHeaders(from, adapter.responseHeaders ?? [], isStream, rules.headers)
  if (isStream && type === null) headers['content-type'] = 'text/event-stream'
  passLocations(status, from, headers, rules)
  await restoration?.headers?.(headers)

  if (method === 'HEAD' || [204, 205, 304].includes(status)) {
    await response.body?.cancel()
    return { response: new Response(null, { status, headers }) }
  }
  const encoding = from.get('content-encoding')
  refuseUnknownEncoding(encoding)
  const isCleared =
    names.length > 0 || restoration?.answer !== undefined || (rules.rewrite !== undefined && response.ok)
  // Of what is undone from an encoding on the way, nobody knows the length.
  const length = isStream || encoding !== null ? null : from.get('content-length')
  if (!isCleared && length !== null && Number(length) <= MAX_WHOLE_BYTES) {
    const bytes = await response.arrayBuffer().catch(() => refuseCut(signal))
    return { response: new Response(bytes, { status, headers }) }
  }
  if (!response.body) return { response: new Response(null, { status, headers }) }
  // A caller who was told where to take a reply up again does so when its connection breaks, but not after an error event.
  const brokenStream = isStream && headers.location === undefined ? adapter.brokenStream : undefined
  const isRead = adapter.brokenStream && (names.length > 0 || limits.heartbeatSeconds > 0)
  if (isStream && (isRead || restoration?.events)) {
    const { body, done } = readEvents(response.body, {
      names,
      scrub: (data) => adapter.scrub(data as Json, names),
      restore: restoration?.events,
      ...limits,
      // A stream that is read only for its ids may be as silent as one that is not read.
      ...(!isRead && { heartbeatSeconds: 0, idleSeconds: Number.POSITIVE_INFINITY }),
      brokenStream,
      isLast: adapter.isLast && ((data) => adapter.isLast?.(data as Json) ?? false),
      signal,
    })
    return { response: new Response(body, { status, headers }), done }
  }
  if (isCleared) {
    return { response: new Response(await cleared(response, response.body, rules), { status, headers }) }
  }
  const { body, done } = pump(response.body, brokenStream, signal, length === null ? undefined : Number(length))
  return { response: new Response(body, { status, headers }), done }
}

/** A reply that is cut before the caller has any of it can still be a refusal. */
function refuseCut(signal: AbortSignal): never {
  throw signal.aborted ? new Refusal('client-gone') : new Refusal('origin-unreachable', 'reply cut')
}

/** A caller who offered subprotocols gives up unless it hears which one was taken (RFC 6455 section 4.1). */
function upgraded(headers: Headers, webSocket: WebSocket): Response {
  const protocol = headers.get('sec-websocket-protocol')
  return new Response(null, {
    status: 101,
    webSocket,
    ...(protocol !== null && { headers: { 'sec-websocket-protocol': protocol } }),
  })
}

/**
 * The runtime undoes these two encodings, and no others, before anybody reads; `content-encoding` itself is not passed on. A
 * body in any other would reach the caller as bytes without a meaning, and identity in it unseen.
 */
function refuseUnknownEncoding(encoding: string | null): void {
  if (encoding !== null && !['', 'identity', 'gzip', 'br'].includes(encoding)) {
    throw new Refusal('origin-reply-refused', 'content-encoding')
  }
}

function passLocations(status: number, from: Headers, headers: Record<string, string>, rules: ReplyRules): void {
  const isRedirect = status >= 300 && status < 400 && status !== 304
  for (const name of ['location', 'content-location']) {
    const value = from.get(name)
    if (value === null) continue
    // RFC 9110 section 10.2.2 gives `Location` a meaning for these only. Elsewhere it is a word of the API's own.
    const mapped = isRedirect || status === 201 ? publicLocation(value, rules) : apiLocation(value, rules)
    if (mapped !== undefined) headers[name] = mapped
  }
  if (isRedirect && headers.location === undefined) throw new Refusal('origin-reply-refused', 'redirect off the route')
}

/** Types that names can be found in, in an encoding that they can be found in. */
const TEXT = /^(?:text\/|application\/(?:[\w.-]+\+)?json\b)(?!.*charset=(?!"?(?:utf-8|us-ascii)))/i

async function cleared(
  response: Response,
  body: ReadableStream<Uint8Array>,
  { adapter, names, rewrite, restoration, signal }: ReplyRules,
): Promise<Uint8Array> {
  if (!TEXT.test(response.headers.get('content-type') ?? 'text/')) {
    throw new Refusal('origin-reply-refused', 'type cannot be cleared of identity')
  }
  const bytes = await readAtMost(body, MAX_SCRUBBED_BYTES).catch(() => refuseCut(signal))
  if (!bytes) throw new Refusal('origin-reply-refused', 'too large to clear')
  const given = new TextDecoder().decode(bytes)
  try {
    // What an origin answers with an error of its own is not what the rewriting knows.
    const written = clearedText(given, { adapter, names, rewrite: response.ok ? rewrite : undefined })
    const restored = restoration?.answer ? await restoration.answer(written) : written
    return restored === given ? bytes : new TextEncoder().encode(restored)
  } catch (thrown) {
    if (thrown instanceof Refusal) throw thrown
    throw new Refusal('origin-reply-refused', 'cannot be cleared of identity')
  }
}

function clearedText(
  text: string,
  { adapter, names, rewrite }: Pick<ReplyRules, 'adapter' | 'names' | 'rewrite'>,
): string {
  if (!rewrite && !mentions(text, names)) return text
  const answer = adapter.scrub(JSON.parse(text) as Json, names)
  return JSON.stringify(rewrite ? rewrite(answer) : answer)
}
