import type { Adapter } from '../agents/adapter'
import type { AnswerChange } from '../agents/answer-change'
import { answeredInTime } from '../answered-in-time'
import { readAtMost, readStart } from '../bytes'
import type { StreamOutcome } from '../ending'
import { Refusal } from '../errors/refusal'
import type { After } from '../ports'
import type { CredentialsOut } from './credentials-out'
import { readEvents } from './event-stream'
import { responseHeaders } from './headers'
import { type Place, passLocations } from './location'
import { pump } from './native-stream'
import type { Ending } from './stream-end'

/**
 * A reply that has to be changed is held whole; larger ones are refused rather than passed unread.
 */
const MAX_CHANGED_BYTES = 8 * 1024 * 1024
/**
 * A reply of known length up to this is taken whole: a pipe would cost more than all else that is
 * done for it. So much is read of an error.
 */
const MAX_WHOLE_BYTES = 64 * 1024

export interface ReplyRules {
  readonly adapter: Pick<Adapter, 'brokenStream' | 'isLast'>
  /** Headers of the agent's that are passed on beside the common ones. */
  readonly replyHeaders: readonly string[]
  readonly place: Place
  /** The changes that the answer needs before the caller may have it. */
  readonly change: AnswerChange
  /** Whether the answer is the stream of a run, also where it does not say what it is. */
  readonly isRun: boolean
  /** Whether silence on a stream is filled, and counts as broken after a while. */
  readonly watchesSilence: boolean
  /** The gateway's own: leave for a page to read the reply, and the request's id. */
  readonly headers: readonly Readonly<Record<string, string>>[]
  readonly limits: { readonly heartbeatSeconds: number; readonly idleSeconds: number }
  readonly credentials: CredentialsOut
  readonly signal: AbortSignal
  readonly end: Ending
  readonly after: After
}

export interface Reply {
  readonly response: Response
  /** How it ended, where it has not already. */
  readonly done?: Promise<StreamOutcome>
}

/**
 * The origin's answer as the caller gets it: headers by allow-list, addresses that lead back
 * through the gateway, and a guard on the body: native where nothing has to be read, reading where
 * events have to be changed or silence filled. Credentials of the gateway's own are taken out of
 * headers, of errors, and of what is read anyway.
 *
 * @throws Refusal `origin-reply-refused` for a redirect off the route and for content that cannot
 *   be changed as it must be
 */
export async function replyTo(response: Response, method: string, rules: ReplyRules): Promise<Reply> {
  const { status, headers: from } = response
  if (response.webSocket) return { response: upgraded(from, response.webSocket) }
  const { adapter, change, credentials, signal, end, after } = rules
  const type = from.get('content-type')
  const isStream = type === null ? rules.isRun && response.ok : /^text\/event-stream\b/i.test(type)
  const headers = responseHeaders(from, rules.replyHeaders, isStream, rules.headers)
  if (isStream && type === null) headers['content-type'] = 'text/event-stream'
  passLocations(status, from, headers, rules.place)
  if (change.headers) await change.headers(headers)
  for (const name in headers) headers[name] = credentials.text(headers[name] ?? '')

  if (method === 'HEAD' || [204, 205, 304].includes(status)) {
    void response.body?.cancel().catch(() => undefined)
    return { response: new Response(null, { status, headers }) }
  }
  const encoding = from.get('content-encoding')
  refuseUnknownEncoding(encoding)
  // The runtime decompresses the body, so its decoded length is unknown.
  const length = isStream || encoding !== null ? null : lengthOf(from)
  const isError = status >= 400 && !isStream
  if (!change.answer && !isError && length !== null && Number(length) <= MAX_WHOLE_BYTES) {
    const bytes = await response.arrayBuffer().catch(() => refuseCut(signal))
    return { response: new Response(bytes, { status, headers }) }
  }
  if (!response.body) return { response: new Response(null, { status, headers }) }
  // A run has to be read for its last event alone.
  if (isStream && (rules.watchesSilence || change.events || (rules.isRun && adapter.isLast))) {
    // A caller who was told where to take a reply up again does so when its connection breaks, but
    // not after an error event.
    const brokenStream = headers.location === undefined ? adapter.brokenStream : undefined
    const { body, done } = readEvents(response.body, {
      change: (text) => withoutCredentials(change.events?.(text) ?? text, credentials),
      ...(rules.watchesSilence ? rules.limits : BEARS_SILENCE),
      brokenStream,
      isLast: adapter.isLast?.bind(adapter),
      isRun: rules.isRun,
      signal,
      end,
      after,
    })
    return { response: new Response(body, { status, headers }), done }
  }
  if (change.answer) {
    const bytes = await inTime(changedAnswer(response, response.body, rules), rules)
    return { response: new Response(bytes, { status, headers }) }
  }
  if (isError) {
    const start = readStart(response.body, MAX_WHOLE_BYTES).catch(() => refuseCut(signal))
    const { bytes, isWhole } = await inTime(start, rules)
    return { response: new Response(credentials.bytes(bytes, isWhole), { status, headers }) }
  }
  const { body, done } = pump(response.body, signal, end, length === null ? undefined : Number(length))
  return { response: new Response(body, { status, headers }), done }
}

/** A stream that is read only to change its events may be as silent as one that is not read. */
const BEARS_SILENCE = { heartbeatSeconds: 0, idleSeconds: Number.POSITIVE_INFINITY }

const withoutCredentials = (text: string | Promise<string>, credentials: CredentialsOut): string | Promise<string> =>
  typeof text === 'string' ? credentials.text(text) : text.then((each) => credentials.text(each))

/**
 * Chunks count, where an agent sends a length beside them (RFC 9112 section 6.3): the runtime shows
 * both headers.
 */
function lengthOf(from: Headers): string | null {
  const said = from.has('transfer-encoding') ? null : from.get('content-length')
  if (said !== null && !/^\d{1,15}$/.test(said)) throw new Refusal('origin-reply-refused', 'content-length')
  return said
}

/**
 * An answer that is held whole has its end as well. The agent's request ends with the caller's,
 * which this refuses.
 */
async function inTime<T>(answer: Promise<T>, { after, end }: ReplyRules): Promise<T> {
  const found = await answeredInTime(after, end.afterMs, answer)
  if (found === undefined) throw new Refusal('origin-timeout', 'answer not whole')
  return found
}

/** A reply that is cut before the caller has any of it can still be a refusal. */
function refuseCut(signal: AbortSignal): never {
  throw signal.aborted ? new Refusal('client-gone') : new Refusal('origin-unreachable', 'reply cut')
}

/**
 * A caller who offered subprotocols gives up unless it hears which one was taken (RFC 6455 section
 * 4.1).
 */
function upgraded(headers: Headers, webSocket: WebSocket): Response {
  const protocol = headers.get('sec-websocket-protocol')
  return new Response(null, {
    status: 101,
    webSocket,
    ...(protocol !== null && { headers: { 'sec-websocket-protocol': protocol } }),
  })
}

/**
 * The runtime undoes these two encodings, and no others, before anybody reads; `content-encoding`
 * itself is not passed on. A body in any other would reach the caller as bytes without a meaning,
 * and identity in it unseen.
 */
function refuseUnknownEncoding(encoding: string | null): void {
  if (encoding !== null && !['', 'identity', 'gzip', 'br'].includes(encoding)) {
    throw new Refusal('origin-reply-refused', 'content-encoding')
  }
}

/** Types that can be read as text, in an encoding that they can be read in. */
const TEXT = /^(?:text\/|application\/(?:[\w.-]+\+)?json\b)(?!.*charset=(?!"?(?:utf-8|us-ascii)))/i

async function changedAnswer(
  response: Response,
  body: ReadableStream<Uint8Array>,
  { change, credentials, signal }: ReplyRules,
): Promise<Uint8Array> {
  if (!TEXT.test(response.headers.get('content-type') ?? 'text/')) {
    throw new Refusal('origin-reply-refused', 'type cannot be changed')
  }
  const bytes = await readAtMost(body, MAX_CHANGED_BYTES).catch(() => refuseCut(signal))
  if (!bytes) throw new Refusal('origin-reply-refused', 'too large to change')
  const given = new TextDecoder().decode(bytes)
  try {
    const changed = credentials.text((await change.answer?.(given, response.status)) ?? given)
    return changed === given ? bytes : new TextEncoder().encode(changed)
  } catch (thrown) {
    if (thrown instanceof Refusal) throw thrown
    throw new Refusal('origin-reply-refused', 'cannot be changed')
  }
}
