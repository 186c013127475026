import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { operators, type Route } from '../../src/config/define'
import { eventually } from '../support/eventually'
import { bearer, forge, openHttp, routeOf } from '../support/fixtures'
import { beginEvents, type Handler, type RecordingOrigin, startOrigin } from '../support/origin'
import { type SilentSockets, startSilentSockets } from '../support/sockets'
import { runBody } from '../support/streams'
import { call } from '../support/wire'
import { json, openWorld, type World } from '../support/world'

/* Streams that are open when a person is revoked, or a route is closed. The clock is moved. */

let world: World
let origin: RecordingOrigin
let sockets: SilentSockets

/**
 * A stream looks every 5 seconds, at a copy that is at most as old, of a shared one that is at most
 * as old.
 */
const BOUND = 15
/** Time for one look, which asks the object. */
const SOON = 250

const silent: Handler = (_request, response) => {
  beginEvents(response)
  response.write(': begun\n\n')
}

beforeAll(async () => {
  origin = await startOrigin(silent)
  sockets = await startSilentSockets()
  world = await openWorld(
    ({ trust }) => {
      const route = (id: string, agent: Route['agent'], more: Partial<Route> = {}) =>
        routeOf(agent, trust, { id, path: `/${id}`, ...more })
      const url = { url: origin.url }
      return [
        route('langgraph', { kind: 'langgraph', origin: url }, { threads: 'shared' }),
        route('ag-ui', { kind: 'ag-ui', origin: url }),
        route('mcp', { kind: 'mcp', origin: url }, { threads: 'shared' }),
        route('http', openHttp(origin.url)),
        route('open', openHttp(origin.url), { withoutRevocations: 'open' }),
        route('socket', {
          kind: 'http',
          origin: { url: sockets.url },
          endpoints: [{ operation: 'events', method: 'GET', path: '/ws', websocket: true }],
        }),
        { id: 'public', path: '/public', agent: openHttp(origin.url), public: true },
        route('operators', operators),
      ]
    },
    { hasRevocations: true },
  )
})
afterAll(async () => {
  await world?.close()
  await origin?.close()
  sockets?.close()
})
beforeEach(() => world.gateway.list('answers'))

async function begin(
  path: string,
  { sub = 'alice', body }: { sub?: string | undefined; body?: string | undefined } = {},
) {
  const token = await forge(world.provider, { claims: { sub, exp: world.gateway.now() + 36_000 } })
  const abortedBefore = origin.aborted()
  const headers = { ...bearer(token), accept: 'application/json, text/event-stream' }
  const reply = await call(world.gateway.url + path, { headers, ...(body !== undefined && { body }) })
  expect(reply.status).toBe(200)
  await reply.has('begun')
  let hasEnded = false
  void reply.end.then(() => {
    hasEnded = true
  })
  const id = String(reply.headers['x-request-id'])
  return {
    ...reply,
    hasEnded: () => hasEnded,
    isStopped: () => origin.aborted() > abortedBefore,
    outcome: async () => (await world.gateway.auditOf(new Response(null, { headers: { 'x-request-id': id } }))).stream,
  }
}

/** Moves the clock in the steps in which streams look. */
async function pass(seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 5) {
    await world.gateway.advance(Math.min(5, seconds - passed))
    await sleep(SOON)
  }
}

const revoke = (value: string) =>
  world.as('bob', '/operators/revocations', json({ kind: 'person', issuer: world.provider.issuer, value }))
const run = runBody['ag-ui']

describe('revoked people (invariant 15)', () => {
  it.each<[string, string, string | undefined]>([
    ['a stream of LangGraph, which passes unread', '/langgraph/threads/t/stream', undefined],
    ['a run of AG-UI, which is read', '/ag-ui', run],
    ['a stream of MCP', '/mcp', undefined],
    ['any other stream', '/http/x', undefined],
  ])('a revoked person loses %s within 15 seconds, and streams of other people stay open', async (name, path, body) => {
    const sub = `gone from ${name}`
    const [gone, stays] = [await begin(path, { sub, body }), await begin(path, { body })]
    await pass(10)
    expect([gone.hasEnded(), stays.hasEnded()]).toEqual([false, false])
    expect((await revoke(sub)).status).toBe(200)
    await pass(BOUND)
    await eventually('the stream ends', gone.hasEnded)
    await eventually('the agent is let go of', gone.isStopped)
    expect(await gone.outcome()).toBe('revoked')
    expect(stays.hasEnded()).toBe(false)
    stays.leave()
  })

  it('a revoked person gets an AG-UI event with the reason; the connection of an unread stream breaks', async () => {
    const [read, native] = [await begin('/ag-ui', { sub: 'told', body: run }), await begin('/http/x', { sub: 'told' })]
    await revoke('told')
    await pass(BOUND)
    expect(await read.end).toBe('whole')
    expect(read.text()).toContain('"type":"RUN_ERROR"')
    expect(read.text()).toContain('"code":"access-ended"')
    expect(await native.end).toBe('broken')
  })

  it('a WebSocket of a revoked person closes on both sides', async () => {
    const token = await forge(world.provider, { claims: { sub: 'socket user', exp: world.gateway.now() + 36_000 } })
    const before = sockets.closed()
    const socket = new WebSocket(`${world.gateway.url.replace('http', 'ws')}/socket/ws`, {
      headers: bearer(token),
    } as never)
    await once(socket, 'open')
    const closed = once(socket, 'close')
    await pass(10)
    expect(sockets.closed()).toBe(before)
    await revoke('socket user')
    await pass(BOUND)
    await closed
    await eventually('the agent sees it close', () => sockets.closed() > before)
  })
})

describe('requests in progress during a revocation (invariant 15)', () => {
  const started = () => origin.received.length

  it('a request starts no run if the person is revoked while the request body still arrives', async () => {
    const token = await forge(world.provider, { claims: { sub: 'slow', exp: world.gateway.now() + 36_000 } })
    const before = started()
    let end: (() => void) | undefined
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const bytes = new TextEncoder().encode(run)
        controller.enqueue(bytes.subarray(0, -1))
        end = () => {
          controller.enqueue(bytes.subarray(-1))
          controller.close()
        }
      },
    })
    const headers = { ...bearer(token), 'content-type': 'application/json' }
    const reply = fetch(`${world.gateway.url}/ag-ui`, { method: 'POST', headers, body, duplex: 'half' } as RequestInit)
    await sleep(SOON)
    await revoke('slow')
    await pass(BOUND)
    end?.()
    expect((await reply).status).toBe(401)
    expect(started()).toBe(before)
  })

  it('a request gets 401 if the person is revoked before the agent begins to answer', async () => {
    origin.handle(() => undefined)
    const token = await forge(world.provider, { claims: { sub: 'waits', exp: world.gateway.now() + 36_000 } })
    const aborted = origin.aborted()
    const reply = fetch(`${world.gateway.url}/http/x`, { headers: bearer(token) })
    await sleep(SOON)
    await revoke('waits')
    await pass(BOUND)
    const { status } = await reply
    expect(status).toBe(401)
    await eventually('the agent is let go of', () => origin.aborted() > aborted)
  })

  it('a request gets 401 if the person is revoked while the gateway holds part of the answer', async () => {
    origin.handle((_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.setHeader('content-length', '20')
      response.write('{"half":')
    })
    const token = await forge(world.provider, { claims: { sub: 'half', exp: world.gateway.now() + 36_000 } })
    const reply = fetch(`${world.gateway.url}/http/x`, { headers: bearer(token) })
    await sleep(SOON)
    await revoke('half')
    await pass(BOUND)
    expect((await reply).status).toBe(401)
    origin.handle(silent)
  })
})

describe('closed routes', () => {
  it('closing a route ends the streams of all callers, on public routes too', async () => {
    const streams = [await begin('/http/x'), await begin('/public/x')]
    for (const id of ['http', 'public'])
      expect((await world.as('bob', `/operators/routes/${id}/closed`, { ...json({}), method: 'PUT' })).status).toBe(200)
    await pass(BOUND)
    for (const stream of streams) await eventually('the stream ends', stream.hasEnded)
    for (const id of ['http', 'public']) await world.as('bob', `/operators/routes/${id}/closed`, { method: 'DELETE' })
    await pass(BOUND)
  })
})

describe('revocation lists that cannot be fetched (F16)', () => {
  it('a stream ends 40 to 60 seconds after the revocation list fails, unless withoutRevocations is "open"', async () => {
    const [closes, opens] = [await begin('/http/x'), await begin('/open/x')]
    await world.gateway.list('fails')
    await pass(40)
    expect(closes.hasEnded()).toBe(false)
    await pass(20)
    await eventually('the stream ends', closes.hasEnded)
    expect(await closes.outcome()).toBe('revoked')
    expect(opens.hasEnded()).toBe(false)
    opens.leave()
  })
})
