import type { Adapter, Json } from '../agents/adapter'
import { readAtMost } from '../bytes'
import type { Origin } from '../config/env'
import { Refusal } from '../errors/refusal'
import { publicLocation } from './forward'
import { responseHeaders } from './headers'
import { mentions, pump, readEvents, type StreamOutcome } from './stream'

/** A JSON reply that has to be cleared is held whole; larger ones are refused rather than passed unread. */
const MAX_SCRUBBED_BYTES = 8 * 1024 * 1024

export interface ReplyRules {
  readonly adapter: Adapter
  readonly origin: Origin
  readonly routePath: string
  /** Path and query as the origin saw them: what a relative `Location` is relative to. */
  readonly requestUri: string
  /** Names that were injected and may not come back. */
  readonly names: readonly string[]
  readonly limits: { readonly heartbeatSeconds: number; readonly idleSeconds: number }
  readonly signal: AbortSignal
}

export interface Reply {
  readonly response: Response
  readonly done: Promise<StreamOutcome>
}

const whole: Promise<StreamOutcome> = Promise.resolve('complete')

/**
 * The origin's answer as the caller gets it: headers by allow-list, addresses that lead back through the gate, and a guard on
 * the body: native where nothing has to be read, reading where identity has to be cleared or silence filled.
 *
 * @throws Refusal `origin-reply-refused` for a redirect off the route and for content that cannot be cleared
 */
export async function replyTo(response: Response, method: string, rules: ReplyRules): Promise<Reply> {
  if (response.webSocket)
    return { response: new Response(null, { status: 101, webSocket: response.webSocket }), done: whole }
  const isStream = /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')
  const headers = responseHeaders(response.headers, isStream)
  passLocations(response, headers, rules)

  const { status } = response
  if (!response.body || method === 'HEAD' || [204, 205, 304].includes(status)) {
    await response.body?.cancel()
    return { response: new Response(null, { status, headers }), done: whole }
  }
  const { adapter, names, limits, signal } = rules
  const { brokenStream } = adapter
  const isRead = names.length > 0 || limits.heartbeatSeconds > 0
  if (isStream && isRead && brokenStream) {
    const { body, done } = readEvents(response.body, {
      names,
      scrub: (event) => adapter.scrub(event as Json, names),
      ...limits,
      brokenStream,
      isLast: adapter.isLast,
      signal,
    })
    return { response: new Response(body, { status, headers }), done }
  }
  if (names.length > 0) {
    return { response: new Response(await cleared(response.body, rules), { status, headers }), done: whole }
  }
  const { body, done } = pump(response.body, isStream ? brokenStream : undefined, signal)
  return { response: new Response(body, { status, headers }), done }
}

function passLocations(response: Response, headers: Headers, { origin, requestUri, routePath }: ReplyRules): void {
  for (const name of ['location', 'content-location']) {
    const value = response.headers.get(name)
    const mapped = value === null ? undefined : publicLocation(value, origin, requestUri, routePath)
    if (mapped !== undefined) headers.set(name, mapped)
  }
  const isRedirect = response.status >= 300 && response.status < 400 && response.status !== 304
  if (isRedirect && !headers.has('location')) throw new Refusal('origin-reply-refused', 'redirect off the route')
}

async function cleared(body: ReadableStream<Uint8Array>, { adapter, names }: ReplyRules): Promise<Uint8Array> {
  const bytes = await readAtMost(body, MAX_SCRUBBED_BYTES).catch(() => {
    throw new Refusal('origin-unreachable', 'reply cut')
  })
  if (!bytes) throw new Refusal('origin-reply-refused', 'too large to clear')
  const text = new TextDecoder().decode(bytes)
  if (!mentions(text, names)) return bytes
  try {
    return new TextEncoder().encode(JSON.stringify(adapter.scrub(JSON.parse(text) as Json, names)))
  } catch {
    throw new Refusal('origin-reply-refused', 'cannot be cleared of identity')
  }
}
