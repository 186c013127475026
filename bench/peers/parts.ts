/**
 * The simplest gateway with one more part at a time. This shows the runtime's own price for each
 * part.
 */
import { Hono } from 'hono'

interface Bindings {
  readonly ORIGIN: string
  readonly PART: string
}
interface Context {
  waitUntil(promise: Promise<unknown>): void
}
type Part = (request: Request, url: string, context: Context) => Promise<Response>

declare class FixedLengthStream extends TransformStream<Uint8Array, Uint8Array> {
  constructor(length: number)
}

const EC = { name: 'ECDSA', namedCurve: 'P-256' }
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
const RSA_KEY = { ...RSA, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }
const encoder = new TextEncoder()
const TEXT = encoder.encode('x'.repeat(600))
const LINE = JSON.stringify({ v: 1, line: 'x'.repeat(600) })
/**
 * Headers that are about as many and as long as those that a gateway adds for an origin and a
 * caller.
 */
const OWN_HEADERS = {
  'x-user-id': 'alice',
  'x-user-email': 'alice@example.com',
  'x-user-name': 'Alice Example',
  'x-user-roles': 'member',
  'x-user-scopes': 'chat',
  'x-user-tenant': 'acme',
  'x-user-issuer': 'https://login.example.com',
  'x-sallyport-assertion': 'x'.repeat(700),
  via: '1.1 gate.example.com',
  'accept-encoding': 'identity',
}
const REPLY_HEADERS = { vary: 'Origin', 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' }
const within = (answer: Promise<Response>): Promise<Response> =>
  new Promise((resolve, reject) => {
    setTimeout(reject, 120_000)
    answer.then(resolve, reject)
  })
const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
const ecKeys = once(() => crypto.subtle.generateKey(EC, false, ['sign', 'verify']))
const rsa = once(async () => {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(RSA_KEY, false, ['sign', 'verify'])
  return { publicKey, signature: await crypto.subtle.sign(RSA, privateKey, TEXT) }
})

const pass: Part = (request, url) => fetch(url, request)
const shell = new Hono<{ Bindings: { url: string } }>().all('*', (c) => fetch(c.env.url, c.req.raw))

export const parts = {
  'nothing: the floor': pass,
  'request headers from an empty list': (request, url) => {
    const headers = new Headers()
    for (const name of ['accept', 'content-type', 'user-agent', 'accept-language', 'last-event-id', 'x-request-id']) {
      const value = request.headers.get(name)
      if (value !== null) headers.set(name, value)
    }
    return fetch(url, { method: request.method, headers, body: request.body, redirect: 'manual' })
  },
  'a reply with headers of its own': async (request, url) => {
    const { body, status, headers: from } = await fetch(url, request)
    const headers = new Headers()
    for (const name of ['content-type', 'cache-control', 'retry-after', 'etag', 'vary', 'link']) {
      const value = from.get(name)
      if (value !== null) headers.set(name, value)
    }
    headers.set('x-content-type-options', 'nosniff')
    return new Response(body, { status, headers })
  },
  'a native pump, so that a cut is noticed': async (request, url, context) => {
    const response = await pass(request, url, context)
    const pipe = new FixedLengthStream(Number(response.headers.get('content-length')))
    const moved = response.body?.pipeTo(pipe.writable, { preventClose: true, preventAbort: true })
    context.waitUntil(Promise.resolve(moved).then(() => pipe.writable.getWriter().close()))
    return new Response(pipe.readable, response)
  },
  'a reply of known length read whole': async (request, url, context) => {
    const response = await pass(request, url, context)
    return new Response(await response.arrayBuffer(), response)
  },
  'an AbortController tied to the caller': (request, url) => {
    const controller = new AbortController()
    request.signal.addEventListener('abort', () => controller.abort(), { once: true })
    return fetch(url, { method: request.method, headers: request.headers, signal: controller.signal })
  },
  'the signal of a caller who leaves': (request, url) =>
    fetch(url, { method: request.method, headers: request.headers, signal: request.signal }),
  'a time limit for the first byte': (request, url, context) => within(pass(request, url, context)),
  'a log line': (request, url, context) => {
    // biome-ignore lint/suspicious/noConsole: it is what is measured
    console.log(LINE)
    return pass(request, url, context)
  },
  'an ES256 signature': async (request, url, context) => {
    await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, (await ecKeys()).privateKey, TEXT)
    return pass(request, url, context)
  },
  'an RS256 verification': async (request, url, context) => {
    const { publicKey, signature } = await rsa()
    if (!(await crypto.subtle.verify(RSA, publicKey, signature, TEXT))) return new Response(null, { status: 401 })
    return pass(request, url, context)
  },
  'a SHA-256 digest': async (request, url, context) => {
    await crypto.subtle.digest('SHA-256', TEXT)
    return pass(request, url, context)
  },
  'a promise that outlives the caller': async (request, url, context) => {
    const written = Promise.withResolvers<void>()
    context.waitUntil(written.promise)
    const response = await pass(request, url, context)
    written.resolve()
    return response
  },
  'all that one request needs, but signatures': async (request, url, context) => {
    const written = Promise.withResolvers<void>()
    context.waitUntil(written.promise)
    const id = crypto.randomUUID()
    const name = new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(LINE)))
    const answer = fetch(url, {
      method: request.method,
      headers: { ...OWN_HEADERS, traceparent: `00-${id}`, accept: request.headers.get('accept') ?? '' },
      body: null,
      redirect: 'manual',
      cache: 'no-store',
      signal: request.signal,
    })
    const response = await within(answer)
    const headers = { ...REPLY_HEADERS, 'x-request-id': id, 'content-type': response.headers.get('content-type') ?? '' }
    const reply = new Response(await response.arrayBuffer(), { status: response.status, headers })
    // biome-ignore lint/suspicious/noConsole: it is what is measured
    console.log(LINE.slice(name[0]))
    written.resolve()
    return reply
  },
  'a Hono app around it': async (request, url) => shell.fetch(request, { url }),
} as const satisfies Record<string, Part>

export default {
  fetch(request: Request, { ORIGIN, PART }: Bindings, context: Context): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    return parts[PART as keyof typeof parts](request, ORIGIN + pathname + search, context)
  },
}
