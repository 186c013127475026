import { createHash } from 'node:crypto'
import type { ClientRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Route } from '../../src/config/define'
import { eventually } from '../support/eventually'
import { openHttp, routeOf } from '../support/fixtures'
import { freePort } from '../support/port'
import { type Gear, gears, runBody, runs } from '../support/streams'
import { call, chunk, head, lastChunk, startWireOrigin, type WireOrigin, type WireRequest } from '../support/wire'
import { openWorld, type World } from '../support/world'

let world: World
let origin: WireOrigin
/** Where redirects may not lead. */
let foreign: WireOrigin
type Reply = Parameters<typeof startWireOrigin>[0]
let reply: Reply
/** So long that only a clock that is moved reaches it. */
const firstByteSeconds = 60

const methods = ['GET', 'HEAD', 'POST'] as const
const withHead = (url: string): Route['agent'] => ({
  kind: 'http',
  origin: { url },
  endpoints: methods.map((method) => ({ operation: 'anything', method, path: '/*' })),
})

beforeAll(async () => {
  origin = await startWireOrigin((socket, request) => reply(socket, request))
  foreign = await startWireOrigin((socket) => void socket.write(json('{"foreign":true}')))
  const nobody = `http://127.0.0.1:${await freePort()}`
  world = await openWorld(({ trust }) => [
    ...gears.map((gear) => gear.route(origin.url, trust)),
    routeOf(withHead(origin.url), trust, { limits: { firstByteSeconds } }),
    routeOf(withHead(`${origin.url}/base`), trust, { id: 'below', path: '/agents/below' }),
    routeOf(openHttp(nobody), trust, { id: 'nobody', path: '/agents/nobody' }),
    routeOf(
      {
        kind: 'http',
        origin: { url: origin.url },
        endpoints: [{ operation: 'ws', method: 'GET', path: '/', websocket: true }],
      },
      trust,
      { id: 'socket', path: '/agents/socket' },
    ),
  ])
})
afterAll(async () => {
  await world?.close()
  await origin?.close()
  await foreign?.close()
})
beforeEach(() => {
  origin.received.length = 0
  foreign.received.length = 0
})

const json = (text: string, headers: Record<string, string> = {}) =>
  head('200 OK', { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(text)}`, ...headers }) +
  text
const says =
  (text: string): Reply =>
  (socket) =>
    void socket.write(text)

async function ask(path: string, options: Parameters<typeof call>[1] = {}) {
  const got = await call(world.gateway.url + path, { ...options, headers: { ...world.alice, ...options.headers } })
  await got.end
  return got
}
const codeOf = (got: { text(): string }) => JSON.parse(got.text()).code

describe('interim replies of an origin (T37)', () => {
  const interim = ['100 Continue', '102 Processing', '103 Early Hints', '199 Whatever']

  it.each(interim)(
    'an interim reply %s of the origin is skipped, and the final reply reaches the caller',
    async (status) => {
      for (const pause of [0, 50]) {
        reply = async (socket) => {
          socket.write(head(status, { link: '</a.css>; rel=preload', 'x-user-id': 'nobody' }))
          if (pause) await sleep(pause)
          socket.write(json(`{"pause":${pause}}`))
        }
        const got = await ask('/agents/http/x')
        expect([got.status, got.text(), got.headers.link]).toEqual([200, `{"pause":${pause}}`, undefined])
      }
    },
  )

  it('several interim replies before a stream are skipped, and the stream reaches the caller', async () => {
    const [first] = gears
    const finished = 'data: {"type":"RUN_FINISHED"}\n\n'
    const sse = { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }
    reply = says(interim.map((status) => head(status)).join('') + head('200 OK', sse) + chunk(finished) + lastChunk)
    const got = await ask(first!.path, { body: runBody['ag-ui'] })
    expect([got.status, got.text()]).toEqual([200, finished])
  })

  it('an interim reply leaves no bytes on the origin connection for the next request', async () => {
    reply = (socket, { url }) => void socket.write(head('103 Early Hints') + json(`"${url.searchParams.get('n')}"`))
    for (let n = 0; n < 20; n++) expect((await ask(`/agents/http/x?n=${n}`)).text()).toBe(`"${n}"`)
  })

  it('a 101 reply of the origin is refused with 502 if the request was no upgrade', async () => {
    reply = says(head('101 Switching Protocols', { upgrade: 'websocket', connection: 'upgrade' }))
    const got = await ask('/agents/http/x')
    expect([got.status, got.text().includes('urn:sallyport:error:origin-')]).toEqual([502, true])
  })
})

describe('replies without a body (T37)', () => {
  const paths = ['/agents/http/x', '/agents/langgraph-reading/threads/t1', '/agents/langgraph-native/threads/t1']

  it.each(paths)('replies with status 204, 205 and 304 reach the caller without a body (%s)', async (path) => {
    for (const status of ['204 No Content', '205 Reset Content', '304 Not Modified']) {
      reply = says(head(status, { etag: '"1"', ...(status.startsWith('205') && { 'content-length': '0' }) }))
      const got = await ask(path)
      expect([got.status, got.text(), got.headers.etag]).toEqual([Number(status.slice(0, 3)), '', '"1"'])
      expect(got.headers['cache-control']).toBe('private, no-store')
    }
  })

  it('a 200 reply with an empty body reaches the caller, whether or not the gateway reads it', async () => {
    reply = says(head('200 OK', { 'content-length': '0' }))
    for (const path of paths) expect([(await ask(path)).status, (await ask(path)).text()]).toEqual([200, ''])
  })

  it('the reply to a HEAD request reaches the caller with its headers', async () => {
    reply = says(head('200 OK', { 'content-type': 'text/event-stream', 'content-length': '12345', etag: '"1"' }))
    const got = await ask('/agents/http/x', { method: 'HEAD' })
    expect(got).toMatchObject({ status: 200, headers: { etag: '"1"', 'content-type': 'text/event-stream' } })
    expect(got.text()).toBe('')
  })
})

describe('origins that fail (F6)', () => {
  it('an origin that refuses connections causes 502 origin-unreachable with Retry-After', async () => {
    const got = await ask('/agents/nobody/x', { body: '{}' })
    expect([got.status, codeOf(got), got.headers['retry-after']]).toEqual([502, 'origin-unreachable', '5'])
  })

  it.each([
    ['closes', (socket: { destroy(): void }) => socket.destroy()],
    ['resets', (socket: { resetAndDestroy(): void }) => socket.resetAndDestroy()],
  ])(
    'an origin that %s the connection without an answer causes a 502, and no request is sent twice',
    async (_how, end) => {
      reply = (socket) => void end(socket)
      for (const method of ['POST', 'GET']) {
        origin.received.length = 0
        const got = await ask('/agents/http/x', { method, ...(method === 'POST' && { body: '{"run":1}' }) })
        expect([got.status, codeOf(got), origin.received.length]).toEqual([502, 'origin-unreachable', 1])
      }
    },
  )

  it('a request is not sent again if the origin closes a reused connection without an answer', async () => {
    let answered = 0
    reply = (socket) => void (answered++ ? socket.destroy() : socket.write(json('{}')))
    expect((await ask('/agents/http/x', { body: '{"run":1}' })).status).toBe(200)
    expect((await ask('/agents/http/x', { body: '{"run":2}' })).status).toBe(502)
    expect(origin.received.map(({ body }) => body)).toEqual(['{"run":1}', '{"run":2}'])
  })

  it.each(['nonsense\r\n\r\n', 'HTTP/1.1 abc\r\n\r\n', `${head('200 OK').slice(0, -2)}bad header\r\n\r\n`])(
    'an origin reply that is not valid HTTP causes a 502: %j',
    async (text) => {
      reply = (socket) => void socket.end(text)
      expect((await ask('/agents/http/x')).status).toBe(502)
    },
  )
})

describe('origins that are slow to answer (F7)', () => {
  it.each([
    ['says nothing', ''],
    ['says half of its headers', 'HTTP/1.1 200 OK\r\ncontent-type: text/'],
  ])('an origin that %s causes a 504 at the time limit, and the gateway closes the connection', async (_what, text) => {
    let isClosed = false
    reply = (socket) => {
      socket.on('close', () => {
        isClosed = true
      })
      socket.write(text)
    }
    let isAnswered = false
    const asked = ask('/agents/http/x', { body: '{}' }).finally(() => {
      isAnswered = true
    })
    await eventually('the request is at the origin', () => origin.received.length === 1)
    await world.gateway.advance(0.9 * firstByteSeconds)
    await sleep(50)
    expect([isAnswered, isClosed]).toEqual([false, false])
    await world.gateway.advance(0.1 * firstByteSeconds)
    const moved = performance.now()
    const got = await asked
    expect(performance.now() - moved).toBeLessThan(4000)
    expect([got.status, codeOf(got)]).toEqual([504, 'origin-timeout'])
    await eventually('the origin is let go of', () => isClosed)
    expect(origin.received.length).toBe(1)
  })

  it('an origin may send the body after the time limit for the start of the reply', async () => {
    reply = async (socket) => {
      socket.write(head('200 OK', { 'content-type': 'application/json', 'content-length': '4' }))
      // The head is given the time to arrive.
      await sleep(200)
      await world.gateway.advance(2 * firstByteSeconds)
      await sleep(50)
      socket.write('"ok"')
    }
    expect((await ask('/agents/http/x')).text()).toBe('"ok"')
  })
})

describe('replies with both Content-Length and chunks (invariant 14)', () => {
  it('a reply with both Content-Length and chunks passes in chunks, and its length is ignored', async () => {
    let goOn = () => {}
    reply = async (socket) => {
      const both = { 'content-type': 'application/json', 'content-length': '5', 'transfer-encoding': 'chunked' }
      socket.write(head('200 OK', both) + chunk('"begun,'))
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
      socket.write(chunk(`${'x'.repeat(100_000)}"`) + lastChunk)
    }
    const got = await call(`${world.gateway.url}/agents/http/x`, { headers: world.alice })
    await eventually('the first chunk is there', () => got.text() === '"begun,')
    goOn()
    await got.end
    expect(got.text()).toBe(`"begun,${'x'.repeat(100_000)}"`)
  })
})

describe('replies that the origin marks as cacheable (S23, invariant 11)', () => {
  const about = ({ headers }: WireRequest) => decodeJwt(headers.get('x-sallyport-assertion') ?? '').sub
  const cacheable = {
    'cache-control': 'public, max-age=60',
    expires: 'Mon, 23 Nov 2099 07:00:00 GMT',
    'cdn-cache-control': 'max-age=60',
    etag: '"1"',
    age: '5',
  }

  it.each(['/agents/http/style.css', '/agents/http/logo.png?v=1', '/agents/below/app.js'])(
    'a reply that the origin marks as cacheable is never cached, and gets no-store: %s',
    async (path) => {
      reply = (socket, request) =>
        void socket.write(json(`"${about(request)}"`, { ...cacheable, 'content-type': 'text/css' }))
      const people = { alice: world.alice, bob: world.bob }
      for (const name of ['alice', 'bob', 'alice'] as const) {
        const got = await ask(path, { headers: people[name] })
        expect([got.text(), got.headers['cache-control']]).toEqual([`"${name}"`, 'private, no-store'])
        for (const each of ['expires', 'age', 'cdn-cache-control']) expect(got.headers).not.toHaveProperty(each)
      }
      expect(origin.received.map(({ headers }) => headers.get('cache-control'))).toEqual(Array(3).fill('no-cache'))
    },
  )

  it('a stream that the origin marks as cacheable gets Cache-Control: no-store', async () => {
    const sse = { ...cacheable, 'content-type': 'text/event-stream' }
    for (const gear of gears) {
      const text = runs[gear.protocol].join('')
      reply = says(json(text, sse))
      expect((await start(gear)).headers['cache-control']).toBe('private, no-store, no-transform')
    }
  })
  const start = (gear: Gear) => ask(gear.path, { body: runBody[gear.protocol] })
})

describe('redirects of an origin (invariant 5)', () => {
  const to = (location: string | undefined, status = '302 Found') =>
    says(head(status, { 'content-length': '0', ...(location !== undefined && { location }) }))
  const statuses = ['301 Moved', '302 Found', '303 See Other', '307 Temporary', '308 Permanent']

  it.each(statuses)(
    'a redirect to another host is refused with 502, and that host receives nothing: %s',
    async (status) => {
      for (const location of [foreign.url, `${foreign.url.slice('http:'.length)}/x`, `${foreign.url}/agents/http/x`]) {
        reply = to(location, status)
        for (const method of ['GET', 'POST']) {
          const got = await ask('/agents/http/x', { method })
          expect([got.status, codeOf(got)]).toEqual([502, 'origin-reply-refused'])
          expect(got.headers).not.toHaveProperty('location')
          expect(got.text()).not.toContain(new URL(foreign.url).port)
        }
      }
      expect(foreign.received).toEqual([])
    },
  )

  it.each(statuses)(
    'a redirect within the origin is mapped below the route, and the gateway does not follow it: %s',
    async (status) => {
      for (const location of ['/y?z=1', `${origin.url}/y?z=1`, 'y?z=1']) {
        reply = to(location, status)
        origin.received.length = 0
        const got = await ask('/agents/http/x')
        expect([got.status, got.headers.location]).toEqual([Number(status.slice(0, 3)), '/agents/http/y?z=1'])
        expect(origin.received.length).toBe(1)
      }
    },
  )

  it('a redirect within the origin but outside of its path prefix is refused with 502', async () => {
    reply = to('/other')
    expect((await ask('/agents/below/x')).status).toBe(502)
    reply = to('/base/other')
    expect((await ask('/agents/below/x')).headers.location).toBe('/agents/below/other')
  })

  it('a redirect without a usable address is refused with 502', async () => {
    for (const location of [undefined, 'http://', 'javascript:alert(1)']) {
      reply = to(location)
      expect((await ask('/agents/http/x')).status).toBe(502)
    }
  })
})

describe('malformed replies', () => {
  it.each(['600 Too Much', '777 x', '999 Denied'])(
    'a reply with the invalid status %s is refused with 502 origin-reply-refused',
    async (status) => {
      reply = says(head(status, { 'content-length': '0' }))
      const got = await ask('/agents/http/x')
      expect([got.status, codeOf(got)]).toEqual([502, 'origin-reply-refused'])
    },
  )

  it.each(['5, 5', '5\r\ncontent-length: 5', '5x', '-5', '+5'])(
    'a reply with the malformed content-length %j causes a 502',
    async (length) => {
      reply = (socket) =>
        void socket.end(`${head('200 OK', { 'content-type': 'text/plain', 'content-length': length })}12345`)
      const got = await ask('/agents/http/x')
      expect(got.status).toBe(502)
      expect(codeOf(got)).toMatch(/^origin-/)
    },
  )
})

describe('401 replies of an agent', () => {
  it('a 401 of an agent becomes 502 origin-unauthorized, so that no client signs in again', async () => {
    reply = says(
      head('401 Unauthorized', { 'content-length': '0', 'www-authenticate': 'Bearer error="invalid_token"' }),
    )
    const got = await ask('/agents/http/x')
    expect([got.status, codeOf(got)]).toEqual([502, 'origin-unauthorized'])
    expect(got.headers).not.toHaveProperty('www-authenticate')
    const reason = (
      await world.gateway.auditOf(
        new Response(null, { headers: { 'x-request-id': String(got.headers['x-request-id']) } }),
      )
    ).reason
    expect(reason).toBe('assertion')
  })

  it('a 401 of an agent passes if the gateway has sent the agent no credential', async () => {
    reply = says(head('401 Unauthorized', { 'content-length': '0' }))
    const native = gears.find(({ name }) => name === 'langgraph-native')
    expect((await ask(native?.path ?? '', { body: runBody.langgraph })).status).toBe(401)
  })
})

describe('headers for encoded and partial bodies on http routes', () => {
  it('headers for preconditions, encodings and ranges pass both ways on an http route', async () => {
    const sent = {
      'if-unmodified-since': 'Mon, 23 Nov 2026 07:00:00 GMT',
      'content-encoding': 'gzip',
      'content-range': 'bytes 0-4/10',
      range: 'bytes=0-4',
      'if-range': '"1"',
    }
    reply = says(json('"01"', { 'content-range': 'bytes 0-3/10', 'accept-ranges': 'bytes', allow: 'GET' }))
    const got = await ask('/agents/http/x', { method: 'POST', headers: sent })
    const received = Object.fromEntries(origin.received.at(-1)?.headers ?? [])
    expect(received).toMatchObject(sent)
    expect(got.headers).toMatchObject({ 'content-range': 'bytes 0-3/10', 'accept-ranges': 'bytes', allow: 'GET' })
  })
})

describe('addresses in other headers of a reply', () => {
  it('a Location is mapped below the route for an http agent, and unchanged for LangGraph', async () => {
    const here = { 'content-location': '/threads/t1/runs/r1', 'x-pagination-total': '3', 'x-pagination-next': '2' }
    reply = says(json('{}', { ...here, location: '/threads/t1/runs/r1/stream' }))
    expect((await ask('/agents/langgraph-native/threads/t1')).headers).toMatchObject({
      ...here,
      location: '/threads/t1/runs/r1/stream',
    })
    reply = says(json('{}', { location: '/things/1' }).replace('200 OK', '201 Created'))
    expect((await ask('/agents/http/things', { body: '{}' })).headers.location).toBe('/agents/http/things/1')
  })

  it('the gateway removes the origin’s host from a Location, and drops a Content-Location at another host', async () => {
    reply = says(json('{}', { location: `${origin.url}/x`, 'content-location': `${foreign.url}/x` }))
    const { headers } = await ask('/agents/http/x')
    expect([headers.location, headers['content-location']]).toEqual(['/x', undefined])
  })
})

describe('WebSockets', () => {
  const handshake = {
    connection: 'upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }

  it('a WebSocket is opened with the subprotocol that the origin chose', async () => {
    reply = (socket, { headers }) => {
      const key = `${headers.get('sec-websocket-key')}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
      const accept = createHash('sha1').update(key).digest('base64')
      const taken = { 'sec-websocket-accept': accept, 'sec-websocket-protocol': 'v2' }
      socket.write(head('101 Switching Protocols', { connection: 'upgrade', upgrade: 'websocket', ...taken }))
    }
    const upgraded = new Promise<NodeJS.Dict<string | string[]>>((resolve) => {
      const onRequest = (request: ClientRequest) => {
        request.on('upgrade', ({ headers }, socket) => {
          socket.destroy()
          resolve(headers)
        })
      }
      const headers = { ...handshake, ...world.alice, 'sec-websocket-protocol': 'v1, v2' }
      call(`${world.gateway.url}/agents/socket/`, { headers, onRequest }).catch(() => undefined)
    })
    expect(await upgraded).toMatchObject({ 'sec-websocket-protocol': 'v2' })
  })
})
