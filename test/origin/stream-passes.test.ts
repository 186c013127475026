import type { ServerResponse } from 'node:http'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHttp, routeOf } from '../support/fixtures'
import { beginEvents, type Handler, type RecordingOrigin, startOrigin } from '../support/origin'
import { agentsPart, type Gear, gears, runBody, runs } from '../support/streams'
import { call } from '../support/wire'
import { openWorld, type World } from '../support/world'

let world: World
let origin: RecordingOrigin

beforeAll(async () => {
  origin = await startOrigin()
  world = await openWorld(({ trust }) => [
    ...gears.map((gear) => gear.route(origin.url, trust)),
    routeOf(openHttp(origin.url), trust),
  ])
})
afterAll(async () => {
  await world?.close()
  await origin?.close()
})

const start = (gear: Gear, headers: Record<string, string> = {}) =>
  call(world.gateway.url + gear.path, { body: runBody[gear.protocol], headers: { ...world.alice, ...headers } })

const get = (path = '/agents/http/x') => call(world.gateway.url + path, { headers: world.alice })

/** The text that comes through when the origin sends it in these pieces. */
async function through(gear: Gear, pieces: readonly (string | Uint8Array)[]): Promise<Buffer> {
  origin.handle(async (_request, response) => {
    beginEvents(response)
    for (const piece of pieces) {
      response.write(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
    response.end()
  })
  const reply = await start(gear)
  expect(await reply.end).toBe('whole')
  return agentsPart(reply.bytes())
}

describe.each(gears)('streams of route $name (S26)', (gear) => {
  const run = runs[gear.protocol]
  const whole = Buffer.from(run.join(''))

  it('a stream passes byte for byte if its events arrive singly', async () => {
    expect(await through(gear, run)).toEqual(whole)
  })

  it('a stream passes byte for byte if it arrives in a single chunk', async () => {
    expect(await through(gear, [whole])).toEqual(whole)
  })

  it('a stream passes byte for byte if chunks end inside characters and line ends', async () => {
    const pieces = Array.from({ length: Math.ceil(whole.byteLength / 7) }, (_, n) => whole.subarray(n * 7, n * 7 + 7))
    expect(await through(gear, pieces)).toEqual(whole)
  })

  it.each([
    ['a byte order mark', `\ufeff${run.join('')}`],
    ['a last event without its blank line', `${run.join('')}data: {"type":"RUN_FINISHED"}`],
    ['no event at all', ''],
    ['comments only', ': one\n\n:\n\n'],
    ['lines that mean nothing', 'retry: 999999999\n\n\n\n\nunknown: x\n\n'],
    ['NUL', 'data: {"a":"\0"}\n\nid: \0\n\n'],
    ['events of several lines', 'id: 1\nevent: x\ndata: {\ndata: }\n\n'],
    ['carriage returns as line ends', 'data: 1\r\rdata: 2\r\r'],
    ['a large event', `data: "${'x'.repeat(3_000_000)}"\n\n`],
    ['many small events', 'data: 1\n\n'.repeat(100_000)],
  ])('a stream passes byte for byte with %s', async (_what, text) => {
    expect((await through(gear, [text])).equals(Buffer.from(text))).toBe(true)
  })

  it('an event reaches the caller before the origin writes the next event', async () => {
    let response: ServerResponse | undefined
    origin.handle((_request, its) => {
      response = its
      beginEvents(its)
    })
    const reply = await start(gear)
    let sent = ''
    for (const event of run) {
      response?.write(event)
      sent += event
      await reply.has(sent)
    }
    response?.end()
    expect(await reply.end).toBe('whole')
  })

  it('the gateway asks the origin not to compress a stream, and asks proxies not to buffer it', async () => {
    origin.handle((_request, response) => {
      beginEvents(response)
      response.end(run.join(''))
    })
    const reply = await start(gear, { 'accept-encoding': 'gzip, br' })
    await reply.end
    expect(origin.last().headers['accept-encoding']).toBe('identity')
    expect(reply.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'private, no-store, no-transform',
      'x-accel-buffering': 'no',
    })
    expect(reply.headers).not.toHaveProperty('content-encoding')
    expect(reply.headers).not.toHaveProperty('content-length')
  })

  // If threads are separated by their ids only, the owner of an event is unknown.
  it.skipIf(gear.name === 'ag-ui-own')(
    'Last-Event-ID reaches the origin, and the ids of events reach the caller (F25)',
    async () => {
      const rest = run.slice(8)
      origin.handle((request, response) => {
        beginEvents(response)
        response.end(request.headers['last-event-id'] === '7' ? rest.join('') : 'wrong')
      })
      const reply = await start(gear, { 'last-event-id': '7' })
      await reply.end
      expect(reply.text()).toBe(rest.join(''))
    },
  )
})

describe('origins that compress although the gateway asked for no compression (F23)', () => {
  const json = JSON.stringify({ x: 'x'.repeat(200), configurable: { langgraph_auth_user: { identity: 'alice' } } })
  const encodings: Record<string, (text: string) => Buffer> = {
    gzip: (text) => gzipSync(text),
    br: (text) => brotliCompressSync(text),
    identity: (text) => Buffer.from(text),
    GZIP: (text) => gzipSync(text),
    'x-gzip': (text) => gzipSync(text),
    deflate: (text) => deflateSync(text),
    zstd: (text) => zstdCompressSync(text),
    'gzip, br': (text) => brotliCompressSync(gzipSync(text)),
    'br, br': (text) => brotliCompressSync(brotliCompressSync(text)),
  }
  const reply =
    (encoding: string, type: string, text: string): Handler =>
    (_request, response) => {
      response.writeHead(200, { 'content-type': type, 'content-encoding': encoding })
      response.end(encodings[encoding]?.(text))
    }
  const undone = ['gzip', 'br', 'identity']

  it.each(Object.keys(encodings))(
    'a reply with Content-Encoding %s is decompressed or refused if the gateway passes it unread',
    async (encoding) => {
      origin.handle(reply(encoding, 'application/json', json))
      const got = await get()
      await got.end
      if (undone.includes(encoding)) expect([got.status, got.text()]).toEqual([200, json])
      else expect([got.status, JSON.parse(got.text()).code]).toEqual([502, 'origin-reply-refused'])
      expect(got.headers).not.toHaveProperty('content-encoding')
    },
  )

  it.each(Object.keys(encodings))(
    'a JSON reply with Content-Encoding %s that the gateway reads does not pass identity on',
    async (encoding) => {
      origin.handle(reply(encoding, 'application/json', json))
      const got = await get('/agents/langgraph-reading/threads/t1')
      await got.end
      expect(got.status).toBe(undone.includes(encoding) ? 200 : 502)
      expect(got.text()).not.toContain('alice')
    },
  )

  it.each(Object.keys(encodings))(
    'a stream with Content-Encoding %s that the gateway reads does not pass identity on',
    async (encoding) => {
      origin.handle(reply(encoding, 'text/event-stream', `event: values\ndata: ${json}\n\n`))
      const got = await start(gears.find(({ name }) => name === 'langgraph-reading')!)
      await got.end
      expect(got.status).toBe(undone.includes(encoding) ? 200 : 502)
      expect(got.text()).not.toContain('alice')
    },
  )
})

describe('response headers (F12)', () => {
  const answer = (headers: Record<string, string | string[]>) =>
    origin.handle((_request, response) => {
      response.writeHead(200, headers).end('{}')
    })

  it('only listed headers of the origin, and headers of the gateway, reach the caller', async () => {
    const known = {
      'content-type': 'application/json; charset=utf-8',
      'content-language': 'de',
      'content-disposition': 'attachment; filename="a.json"',
      etag: '"1"',
      'last-modified': 'Mon, 23 Nov 2026 07:00:00 GMT',
      'retry-after': '5',
      'x-pagination-total': '41',
      'x-pagination-next': '20',
    }
    answer({
      ...known,
      'cache-control': 'public, max-age=60',
      expires: 'Mon, 23 Nov 2099 07:00:00 GMT',
      'set-cookie': ['a=1', 'b=2'],
      server: 'uvicorn',
      'x-powered-by': 'Agent',
      'access-control-allow-origin': '*',
      'access-control-allow-credentials': 'true',
      'proxy-authenticate': 'Basic',
      'www-authenticate': 'Bearer realm="origin"',
      'x-sallyport-assertion': 'x',
      'x-user-id': 'alice',
      'x-request-id': 'origin',
      'alt-svc': 'h3=":443"',
      'clear-site-data': '"*"',
      'strict-transport-security': 'max-age=1',
      link: '</x>; rel=preload',
    })
    const { headers } = await get()
    const { date, connection, 'keep-alive': keepAlive, 'transfer-encoding': framing, ...rest } = headers
    expect(rest).toEqual({
      ...known,
      'cache-control': 'private, no-store',
      'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
  })

  it('a thousand unlisted response headers of the origin are dropped, and the reply still passes', async () => {
    answer(Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`x-noise-${index}`, 'x'.repeat(200)])))
    const reply = await get()
    expect([reply.status, Object.keys(reply.headers).filter((name) => name.startsWith('x-noise'))]).toEqual([200, []])
  })
})
