import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Route } from '../../src/config/define'
import { eventually } from '../support/eventually'
import { bearer, forge, openHttp, routeOf } from '../support/fixtures'
import { beginEvents, type Handler, type RecordingOrigin, startOrigin } from '../support/origin'
import { type SilentSockets, startSilentSockets } from '../support/sockets'
import { runBody } from '../support/streams'
import { call } from '../support/wire'
import { openWorld, type World } from '../support/world'

let world: World
let origin: RecordingOrigin
let sockets: SilentSockets

const LIFETIME = 100
const GRACE = 30
const RUN = 900
/** Longer than a timer that is due needs to fire, and shorter than a test waits. */
const SOON = 300

const silent: Handler = (_request, response) => {
  beginEvents(response)
  response.write(': begun\n\n')
}

beforeAll(async () => {
  origin = await startOrigin(silent)
  sockets = await startSilentSockets()
  world = await openWorld(({ trust }) => {
    const route = (id: string, agent: Route['agent'], more: Partial<Route> = {}) =>
      routeOf(agent, trust, { id, path: `/${id}`, threads: 'shared', ...more })
    const langgraph: Route['agent'] = { kind: 'langgraph', origin: { url: origin.url } }
    const agUi: Route['agent'] = { kind: 'ag-ui', origin: { url: origin.url } }
    return [
      route('langgraph', langgraph, { identity: { assertion: 'off', headers: false } }),
      route('ag-ui', agUi, { limits: { heartbeatSeconds: 0 } }),
      route('read', agUi, { identity: { state: { key: 'auth_user' } }, limits: { heartbeatSeconds: 0 } }),
      route('copilotkit', { kind: 'copilotkit', origin: { url: origin.url } }, { limits: { heartbeatSeconds: 0 } }),
      route('mcp', { kind: 'mcp', origin: { url: origin.url } }),
      route('strict', agUi, { limits: { heartbeatSeconds: 0, endRunsAtExpiry: true, expiryGraceSeconds: 5 } }),
      route('short', agUi, { limits: { heartbeatSeconds: 0, streamSeconds: 50 } }),
      routeOf({ kind: 'a2a', origin: { url: origin.url } }, trust, { path: '/a2a', limits: { streamSeconds: 50 } }),
      route('quick', agUi, { limits: { heartbeatSeconds: 0, runSeconds: 400 } }),
      { id: 'public', path: '/public', agent: openHttp(origin.url), public: true, limits: { streamSeconds: 200 } },
      routeOf(
        {
          kind: 'http',
          origin: { url: sockets.url },
          endpoints: [{ operation: 'events', method: 'GET', path: '/ws', websocket: true }],
        },
        trust,
        { id: 'socket', path: '/socket' },
      ),
    ]
  })
})
afterAll(async () => {
  await world?.close()
  await origin?.close()
  sockets?.close()
})
beforeEach(() => world.gateway.setClock(0))

/** A stream that has begun, whose caller's token lives for so long. */
async function begin(path: string, body?: string, lifetime = LIFETIME) {
  const token = await forge(world.provider, { claims: { exp: world.gateway.now() + lifetime } })
  const abortedBefore = origin.aborted()
  const headers = { ...bearer(token), accept: 'application/json, text/event-stream' }
  const reply = await call(world.gateway.url + path, { headers, ...(body !== undefined && { body }) })
  expect(reply.status).toBe(200)
  await reply.has('begun')
  let hasEnded = false
  void reply.end.then(() => {
    hasEnded = true
  })
  return { ...reply, hasEnded: () => hasEnded, isStopped: () => origin.aborted() > abortedBefore }
}
type Begun = Awaited<ReturnType<typeof begin>>

/**
 * Lets time pass up to a moment and a little beyond, and expects the stream to end at that moment.
 */
async function endsAfter(seconds: number, reply: Begun): Promise<void> {
  await world.gateway.advance(seconds - 2)
  await sleep(SOON)
  expect(reply.hasEnded()).toBe(false)
  await world.gateway.advance(3)
  await eventually('the stream ends', reply.hasEnded)
  await eventually('the agent is let go of', reply.isStopped)
}
const outcomeOf = async ({ headers }: Begun) =>
  (await world.gateway.auditOf(new Response(null, { headers: { 'x-request-id': String(headers['x-request-id']) } })))
    .stream

const run = runBody['ag-ui']
const LISTENING: readonly (readonly [path: string, body: string | undefined])[] = [
  ['/langgraph/threads/t/stream', undefined],
  ['/langgraph/threads/t/runs/r/stream', undefined],
  ['/langgraph/threads/t/stream/events', '{}'],
  ['/mcp', undefined],
  ['/mcp', '{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen"}'],
  ['/copilotkit/agent/a/connect', run],
]

describe('streams that only listen (X12, invariant 15)', () => {
  it.each(LISTENING)(
    'a stream that only listens ends 30 seconds after the token of its caller has expired: %s',
    async (path, body) => {
      const reply = await begin(path, body)
      await endsAfter(LIFETIME + GRACE, reply)
      expect(await outcomeOf(reply)).toBe('expired')
    },
  )

  it('if the gateway ends a listening stream early, the connection breaks, or the stream ends with RUN_ERROR', async () => {
    const native = await begin('/langgraph/threads/t/stream')
    const read = await begin('/copilotkit/agent/a/connect', run)
    await world.gateway.advance(LIFETIME + GRACE + 1)
    expect(await native.end).toBe('broken')
    expect(await read.end).toBe('whole')
    expect(read.text()).toContain('"type":"RUN_ERROR"')
    expect(read.text()).toContain('"code":"token-expired"')
  })
})

describe('runs that began with a valid token (X12)', () => {
  it.each(['/ag-ui', '/read'])(
    'a run may continue for at most 15 minutes from its start if its token expires: %s',
    async (path) => {
      const reply = await begin(path, run)
      await endsAfter(RUN, reply)
      expect(await outcomeOf(reply)).toBe('limit')
    },
  )

  it('a run may continue for at most the runSeconds of the route if its token expires', async () => {
    const reply = await begin('/quick', run)
    await endsAfter(400, reply)
    expect(await outcomeOf(reply)).toBe('limit')
  })

  it('a run may continue while the token is valid, even beyond the time limit of runs', async () => {
    const reply = await begin('/ag-ui', run, 2 * RUN)
    await endsAfter(2 * RUN + GRACE, reply)
    expect(await outcomeOf(reply)).toBe('expired')
  })

  it('a run ends soon after the token of its caller has expired if the route sets endRunsAtExpiry', async () => {
    const reply = await begin('/strict', run)
    await endsAfter(LIFETIME + 5, reply)
    expect(await outcomeOf(reply)).toBe('expired')
  })
})

describe('time limits of replies (F10)', () => {
  it('a stream ends at the time limit of the route, even if the agent is silent', async () => {
    const reply = await begin('/short', run)
    await endsAfter(50, reply)
    expect(await outcomeOf(reply)).toBe('limit')
  })

  it('a stream ends at the time limit of the route, even if its caller does not read', async () => {
    origin.handle(async (_request, response) => {
      beginEvents(response)
      response.write(': begun\n\n')
      while (!response.destroyed) {
        if (!response.write(`data: {"x":"${'x'.repeat(32_000)}"}\n\n`))
          await new Promise((go) => response.once('drain', go).once('close', go))
      }
    })
    const reply = await begin('/short', run)
    reply.message.pause()
    await sleep(SOON)
    await world.gateway.advance(51)
    await eventually('the agent is let go of', reply.isStopped)
    expect(await outcomeOf(reply)).toBe('limit')
    reply.message.destroy()
    origin.handle(silent)
  })

  it('a reply that the gateway holds until it is complete becomes a 504 at the time limit', async () => {
    origin.handle((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"jsonrpc":"2.0",')
    })
    const body = '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"t"}}'
    const asked = call(`${world.gateway.url}/a2a`, { body, headers: world.alice })
    await sleep(SOON)
    await world.gateway.advance(51)
    const reply = await asked
    await reply.end
    expect([reply.status, JSON.parse(reply.text()).error.data.code]).toEqual([504, 'origin-timeout'])
    origin.handle(silent)
  })

  it('a stream of a public route ends at the time limit of the route', async () => {
    const abortedBefore = origin.aborted()
    const reply = await call(`${world.gateway.url}/public/x`)
    await reply.has('begun')
    await world.gateway.advance(201)
    expect(await reply.end).toBe('broken')
    await eventually('the agent is let go of', () => origin.aborted() > abortedBefore)
  })
})

describe('WebSockets (X12)', () => {
  it('a WebSocket is closed on both sides 30 seconds after the token of its caller expired', async () => {
    const token = await forge(world.provider, { claims: { exp: world.gateway.now() + LIFETIME } })
    const url = `${world.gateway.url.replace('http', 'ws')}/socket/ws`
    const socket = new WebSocket(url, { headers: bearer(token) } as unknown as string[])
    await once(socket, 'open')
    const closed = once(socket, 'close')
    let hasClosed = false
    void closed.then(() => {
      hasClosed = true
    })
    await world.gateway.advance(LIFETIME + GRACE - 2)
    await sleep(SOON)
    expect([hasClosed, sockets.closed()]).toEqual([false, 0])
    await world.gateway.advance(3)
    const [event] = (await closed) as [CloseEvent]
    expect(event.code).toBe(1006)
    await eventually('the agent is let go of', () => sockets.closed() === 1)
  })
})
