import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { readEvents } from '../../src/origin/event-stream'
import { pump } from '../../src/origin/native-stream'
import type { Ending } from '../../src/origin/stream-end'
import { eventually } from '../support/eventually'
import { routeOf } from '../support/fixtures'
import { gears, runBody, saysBroken } from '../support/streams'
import { call, chunk, head, lastChunk, startWireOrigin, type WireOrigin } from '../support/wire'
import { openWorld, type World } from '../support/world'

let world: World
let origin: WireOrigin
let answer: (socket: Socket) => unknown

beforeAll(async () => {
  origin = await startWireOrigin((socket) => void answer(socket))
  world = await openWorld(({ trust }) => [
    ...gears.map((gear) => gear.route(origin.url, trust)),
    ...(['ag2', 'copilotkit', 'a2a', 'mcp'] as const).map((kind) =>
      routeOf({ kind, origin: { url: origin.url } }, trust),
    ),
    { id: 'open', path: '/agents/open', agent: { kind: 'copilotkit', origin: { url: origin.url } }, public: true },
  ])
})
afterAll(async () => {
  await world?.close()
  await origin?.close()
})

const ask = (path: string, body: string) => call(world.gateway.url + path, { body, headers: world.alice })
const auditOf = (headers: Record<string, unknown>) =>
  world.gateway.auditOf(new Response(null, { headers: { 'x-request-id': String(headers['x-request-id']) } }))
const rpc = (method: string, params: object) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
const run = JSON.stringify({ threadId: 't', runId: 'r', messages: [] })
const runPaths = [
  ['ag2', '/agents/ag2'],
  ['copilotkit', '/agents/copilotkit/agent/a/run'],
] as const

describe('answers to a run without a Content-Type', () => {
  const started = 'data: {"type":"RUN_STARTED"}\n\n'

  it.each(runPaths)(
    'an answer to a run without a Content-Type reaches the caller as an event stream (%s)',
    async (_kind, path) => {
      answer = (socket) => {
        socket.write(head('200 OK', { 'transfer-encoding': 'chunked' }))
        socket.write(Buffer.concat([chunk(started), chunk('data: {"type":"RUN_FINISHED"}\n\n')]))
        socket.write(lastChunk)
      }
      const reply = await ask(path, run)
      expect(await reply.end).toBe('whole')
      expect(reply.headers).toMatchObject({
        'content-type': 'text/event-stream',
        'x-accel-buffering': 'no',
        'cache-control': 'private, no-store, no-transform',
      })
      expect(reply.text()).toBe(`${started}data: {"type":"RUN_FINISHED"}\n\n`)
      expect((await auditOf(reply.headers)).stream).toBe('complete')
    },
  )

  it.each(runPaths)(
    'an answer to a run without a Content-Type ends with RUN_ERROR if it is cut (%s)',
    async (_kind, path) => {
      answer = (socket) => {
        socket.write(head('200 OK', { 'transfer-encoding': 'chunked' }))
        socket.end(chunk(started))
      }
      const reply = await ask(path, run)
      expect(await reply.end).toBe('whole')
      expect(reply.text()).toMatch(saysBroken['ag-ui'])
      expect((await auditOf(reply.headers)).stream).toBe('cut')
    },
  )

  it('an answer without a Content-Type is a stream only if it is a successful answer to a run', async () => {
    for (const [status, path, body] of [
      ['500 Internal Server Error', '/agents/ag2', run],
      ['200 OK', '/agents/ag2', undefined],
      ['200 OK', '/agents/copilotkit/threads/t/archive', '{}'],
    ] as const) {
      answer = (socket) => socket.write(`${head(status, { 'content-length': '2' })}ok`)
      const reply = await call(world.gateway.url + path, { headers: world.alice, ...(body && { body }) })
      expect(await reply.end).toBe('whole')
      expect(reply.headers, path).not.toHaveProperty('x-accel-buffering')
      expect(reply.headers, path).not.toHaveProperty('content-type')
    }
  })
})

describe('streams that end inside an event, without a length', () => {
  const readingAgUi = gears.find(({ name }) => name === 'ag-ui-reading')
  const ends = ['\n', '\r\n', '\r']
  const halves = [
    () => `data: {"type":"TEXT`,
    (end: string) => `id: 1${end}data: {"type":"TEXT`,
    (end: string) => `: comment${end}event: x${end}data: {"a":[1`,
    (end: string) => `data: {"a":1,${end}data: "b"`,
    (end: string) => `data: {}${end}event: par`,
    (end: string) => `event: values${end}`,
    () => 'eve',
    () => 'data',
    (end: string) => `data: {}${end}id: 1`,
  ]
  const cases = ends.flatMap((end) => halves.map((half) => [half(end), end] as const))

  it.each(cases)('an AG-UI stream that ends inside an event is reported as cut: %j', async (half, end) => {
    answer = (socket) => {
      socket.write(head('200 OK', { 'content-type': 'text/event-stream', connection: 'close' }))
      socket.end(`data: {"type":"RUN_STARTED"}${end}${end}${half}`)
    }
    const reply = await ask(readingAgUi?.path ?? '', runBody['ag-ui'])
    await reply.end
    expect(reply.text()).toMatch(/data: \{"type":"RUN_ERROR",[^\n]*"code":"origin-cut"\}\n\n$/)
    expect((await auditOf(reply.headers)).stream).toBe('cut')
  })

  it.each(ends)(
    'a stream is complete if only the blank line after its last event is missing (line ends: %j)',
    async (end) => {
      answer = (socket) => {
        socket.write(head('200 OK', { 'content-type': 'text/event-stream', connection: 'close' }))
        socket.end(`data: {"type":"RUN_STARTED"}${end}${end}id: 1${end}data: {"type":"RUN_FINISHED"}${end}`)
      }
      const reply = await ask(readingAgUi?.path ?? '', runBody['ag-ui'])
      expect(await reply.end).toBe('whole')
      expect((await auditOf(reply.headers)).stream).toBe('complete')
    },
  )
})

describe('streams that end before the run is over (F8, invariant 8)', () => {
  const started = 'data: {"type":"RUN_STARTED"}\n\n'
  const half = 'data: {"type":"TEXT_MESSAGE_CONTENT","delta":"The dose is 10"}\n\n'
  const framings = {
    chunks: (socket: Socket, events: string) => {
      socket.write(head('200 OK', { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }))
      socket.end(events === '' ? lastChunk : Buffer.concat([chunk(events), Buffer.from(lastChunk)]))
    },
    'the end of the connection': (socket: Socket, events: string) => {
      socket.write(head('200 OK', { 'content-type': 'text/event-stream', connection: 'close' }))
      socket.end(events)
    },
  }
  const paths = [...runPaths, ['ag-ui', gears.find(({ name }) => name === 'ag-ui-reading')?.path ?? ''] as const]
  const cases = paths.flatMap(([kind, path]) =>
    Object.entries(framings).flatMap(([framing, send]) =>
      ['', started, started + half, started + half.trimEnd()].map((events) => ({ kind, path, framing, send, events })),
    ),
  )

  it.each(cases)(
    'a stream that ends before the run is over gets a RUN_ERROR event ($kind, $framing, $events)',
    async ({ path, send, events }) => {
      answer = (socket) => send(socket, events)
      const reply = await ask(path, run)
      expect(await reply.end).toBe('whole')
      const [words = ''] = saysBroken['ag-ui'].exec(reply.text()) ?? []
      expect(words).toContain('"code":"origin-unended"')
      expect((await auditOf(reply.headers)).stream).toBe('unended')
    },
  )

  it('a stream is complete if a comment follows the final event of the run', async () => {
    for (const last of ['RUN_FINISHED', 'RUN_ERROR']) {
      answer = (socket) => framings.chunks(socket, `${started}data: {"type":"${last}"}\n\n: done\n\n`)
      const reply = await ask('/agents/ag2', run)
      await reply.end
      expect((await auditOf(reply.headers)).stream).toBe('complete')
    }
  })

  it.each(['\n', 'data: [DONE]\n\n', 'event: done\n\n', 'retry: 1000\n\n', 'id: 7\n'])(
    'a stream is complete if only meaningless lines follow the final event, in a later chunk: %j',
    async (rest) => {
      answer = async (socket) => {
        socket.write(head('200 OK', { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }))
        socket.write(chunk(`${started}data: {"type":"RUN_FINISHED"}\n\n`))
        await sleep(30)
        socket.end(Buffer.concat([chunk(rest), Buffer.from(lastChunk)]))
      }
      const reply = await ask('/agents/ag2', run)
      expect(await reply.end).toBe('whole')
      expect(reply.text()).toBe(`${started}data: {"type":"RUN_FINISHED"}\n\n${rest}`)
      expect((await auditOf(reply.headers)).stream).toBe('complete')
    },
  )

  it('a stream that ends before its run is audited as unended on a public route too', async () => {
    answer = (socket) => framings.chunks(socket, started + half)
    const reply = await ask('/agents/open/agent/a/run', run)
    await reply.end
    expect((await auditOf(reply.headers)).stream).toBe('unended')
  })

  it('a stream that is not a run is complete without a final event', async () => {
    answer = (socket) => framings.chunks(socket, half)
    const reply = await ask('/agents/copilotkit/agent/a/connect', run)
    await reply.end
    expect(reply.text()).toBe(half)
    expect((await auditOf(reply.headers)).stream).toBe('complete')
  })
})

it('an event over the size limit is reported as stream-limit, not as a lost connection (F11)', async () => {
  answer = (socket) => {
    socket.write(head('200 OK', { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }))
    socket.write(chunk(`data: "${'x'.repeat(9 * 1024 * 1024)}"\n\n`))
  }
  const reply = await ask('/agents/ag2', run)
  expect(await reply.end).toBe('whole')
  expect(reply.text()).toContain('"code":"stream-limit"')
  expect((await auditOf(reply.headers)).stream).toBe('limit')
})

describe('callers who leave in the middle of a stream', () => {
  const message = { messageId: 'm', parts: [] }
  const streams: readonly (readonly [kind: string, path: string, body: string])[] = [
    ['a2a', '/agents/a2a', rpc('SendStreamingMessage', { message })],
    ['mcp', '/agents/mcp', rpc('tools/call', { name: 'search' })],
    ['ag2', '/agents/ag2', run],
    ['copilotkit', '/agents/copilotkit/agent/a/run', run],
    ...gears.map(({ name, path, protocol }) => [name, path, runBody[protocol]] as const),
  ]
  it.each(streams)(
    'a caller who leaves in the middle of a stream is audited as client-left (%s)',
    async (_kind, path, body) => {
      answer = (socket) => {
        socket.write(head('200 OK', { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }))
        socket.write(chunk('data: {"begun":true}\n\n'))
      }
      const reply = await ask(path, body)
      await reply.has('begun')
      const lines = world.gateway.audit.length
      reply.reset()
      await eventually('the audit line', () => world.gateway.audit.length > lines)
      expect(await auditOf(reply.headers)).toMatchObject({ outcome: 'forwarded', stream: 'client-left' })
    },
  )
})

describe('callers who leave before the last byte arrives', () => {
  afterEach(() => vi.unstubAllGlobals())

  /**
   * Takes the place of the runtime's pipe. Its reader has gone, and that shows only when the pipe
   * is closed: the exact moment cannot be produced over a socket.
   */
  class LeftPipe {
    readonly readable = new ReadableStream<Uint8Array>()
    readonly writable = new WritableStream<Uint8Array>({
      close() {
        throw new Error('the reader has gone')
      },
    })
  }
  const source = () => new Response('data: {"type":"RUN_FINISHED"}\n\n').body as ReadableStream<Uint8Array>
  const { signal } = new AbortController()
  const end: Ending = { afterMs: 1000, onEnd: () => () => undefined }
  const after = () => () => undefined
  const reading = {
    change: undefined,
    after,
    heartbeatSeconds: 0,
    idleSeconds: Number.POSITIVE_INFINITY,
    brokenStream: undefined,
    isLast: undefined,
    isRun: false,
    end,
    signal,
  }

  it.each([
    ['passes unread', () => pump(source(), signal, end)],
    ['is read', () => readEvents(source(), reading)],
  ])(
    'a caller who leaves before the last byte arrives counts as client-left, if the stream %s',
    async (_how, guarded) => {
      vi.stubGlobal('IdentityTransformStream', LeftPipe)
      expect(await guarded().done).toBe('client-left')
    },
  )
})
