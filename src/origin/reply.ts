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
 * The largest reply that can be changed. To change a reply, the gateway has to hold the whole reply
 * in memory. Larger replies that need a change are refused.
 */
const MAX_CHANGED_BYTES = 8 * 1024 * 1024
/**
 * A reply of known length is read as a whole up to this size, because passing it through a pipe
 * would cost more than all other work on the reply. Of an error reply, the gateway reads at most
 * this many bytes.
 */
const MAX_WHOLE_BYTES = 64 * 1024

export interface ReplyRules {
  readonly adapter: Pick<Adapter, 'brokenStream' | 'isLast'>
  /** The agent's headers that are passed on in addition to the common ones. */
  readonly replyHeaders: readonly string[]
  readonly place: Place
  /** The changes that must be made to the answer before the caller receives it. */
  readonly change: AnswerChange
  /** Whether the answer is the stream of a run, even if the answer states no content type. */
  readonly isRun: boolean
  /** Whether silence on a stream is filled with comments, and long silence ends the stream. */
  readonly watchesSilence: boolean
  /** The gateway's own headers, such as those of CORS and the request's id. */
  readonly headers: readonly Readonly<Record<string, string>>[]
  readonly limits: { readonly heartbeatSeconds: number; readonly idleSeconds: number }
  readonly credentials: CredentialsOut
  readonly signal: AbortSignal
  readonly end: Ending
  readonly after: After
}

export interface Reply {
  readonly response: Response
  /** How the body ended; absent if the body had ended before the reply was made. */
  readonly done?: Promise<StreamOutcome>
}

/**
 * Makes the caller's reply from the origin's answer. Only headers on a list pass, and addresses are
 * changed so that they lead through the gateway. The gateway reads a stream if it has to change or
 * watch the events or fill silence. Otherwise the runtime passes the stream on. The gateway's own
 * credentials are removed from headers, errors, streams that are read, and answers that are
 * changed.
 *
 * @throws Refusal `origin-reply-refused` for a redirect that leaves the route, and for content that
 *   has to be changed but cannot be changed
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
  // If the protocol has an event that ends a run, the stream of a run is read to see whether this
  // event comes.
  if (isStream && (rules.watchesSilence || change.events || (rules.isRun && adapter.isLast))) {
    // A caller who received an address for resuming (`location`) resumes after a broken connection,
    // but not after an error event.
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

/** The settings for a stream that may be silent for any length of time: no heartbeat, no limit. */
const BEARS_SILENCE = { heartbeatSeconds: 0, idleSeconds: Number.POSITIVE_INFINITY }

const withoutCredentials = (text: string | Promise<string>, credentials: CredentialsOut): string | Promise<string> =>
  typeof text === 'string' ? credentials.text(text) : text.then((each) => credentials.text(each))

/**
 * Returns the length that the agent states, or null. If the agent sends `transfer-encoding` as
 * well, the length is ignored, as RFC 9112 section 6.3 says. The runtime shows both headers.
 */
function lengthOf(from: Headers): string | null {
  const said = from.has('transfer-encoding') ? null : from.get('content-length')
  if (said !== null && !/^\d{1,15}$/.test(said)) throw new Refusal('origin-reply-refused', 'content-length')
  return said
}

/**
 * Waits for an answer that is read as a whole, and refuses the request if the answer does not come
 * in time. The refusal ends the caller's request, and with it the request to the agent.
 */
async function inTime<T>(answer: Promise<T>, { after, end }: ReplyRules): Promise<T> {
  const found = await answeredInTime(after, end.afterMs, answer)
  if (found === undefined) throw new Refusal('origin-timeout', 'answer not whole')
  return found
}

/**
 * Refuses a reply that was cut. The caller has received none of it yet, so a refusal is possible.
 */
function refuseCut(signal: AbortSignal): never {
  throw signal.aborted ? new Refusal('client-gone') : new Refusal('origin-unreachable', 'reply cut')
}

/**
 * Passes on the subprotocol that the agent chose. A client that offered subprotocols may close the
 * connection if the reply names none (RFC 6455 section 4.1).
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
 * Refuses encodings that the runtime does not decode. It decodes gzip and br, and the gateway does
 * not pass on `content-encoding`. With another encoding, the caller could not read the bytes, and
 * the gateway could not see identity in them.
 */
function refuseUnknownEncoding(encoding: string | null): void {
  if (encoding !== null && !['', 'identity', 'gzip', 'br'].includes(encoding)) {
    throw new Refusal('origin-reply-refused', 'content-encoding')
  }
}

/**
 * Matches text and JSON in UTF-8, US-ASCII or without a stated charset. Other charsets are not
 * decoded.
 */
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
