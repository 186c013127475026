import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually'
import { openHttp, routeOf } from '../support/fixtures'
import { beginEvents, type RecordingOrigin, startOrigin } from '../support/origin'
import { type Gear, gears, runBody, runs, saysBroken } from '../support/streams'
import { call, type WireReply } from '../support/wire'
import { openWorld, type World } from '../support/world'

let world: World
let origin: RecordingOrigin
const COMMENT = ': keep-alive\n\n'
const own = gears.find(({ name }) => name === 'ag-ui-own')!
/** Read for nothing but its ids. */
const quiet: Gear = { ...own, name: 'quiet', path: '/agents/quiet' }
const reading = gears.filter(({ isReading }) => isReading)
/** So long that only a clock that is moved reaches them. */
const heartbeatSeconds = 20
const idleSeconds = 100

/**
 * Every call has a reply of its own, found by a header, so that all gears can be silent at once.
 */
const acts = new Map<string, (response: ServerResponse) => unknown>()
const closed = new Set<string>()

beforeAll(async () => {
  origin = await startOrigin(async (request, response) => {
    const id = String(request.headers.prefer)
    response.on('close', () => closed.add(id))
    beginEvents(response)
    await acts.get(id)?.(response)
  })
  world = await openWorld(({ trust }) => [
    ...gears.map((gear) => gear.route(origin.url, trust, gear.isReading ? { heartbeatSeconds, idleSeconds } : {})),
    routeOf({ kind: 'ag-ui', origin: { url: origin.url } }, trust, {
      id: 'quiet',
      path: quiet.path,
      limits: { heartbeatSeconds: 0 },
    }),
    ...(['mcp', 'a2a'] as const).map((kind) =>
      routeOf({ kind, origin: { url: origin.url } }, trust, { limits: { heartbeatSeconds, idleSeconds } }),
    ),
    routeOf(openHttp(origin.url), trust, { limits: { heartbeatSeconds, idleSeconds } }),
  ])
})
afterAll(async () => {
  await world?.close()
  await origin?.close()
})
beforeEach(() => world.gateway.setClock(0))

let calls = 0
async function start(gear: Gear, act: (response: ServerResponse) => unknown) {
  const id = String(calls++)
  acts.set(id, act)
  const headers = { ...world.alice, prefer: id }
  return { id, ...(await call(world.gateway.url + gear.path, { body: runBody[gear.protocol], headers })) }
}

/** A reply whose parts are sent by the test. */
async function begin(gear: Gear) {
  const opened = Promise.withResolvers<ServerResponse>()
  const reply = await start(gear, opened.resolve)
  return { gear, ...reply, response: await opened.promise }
}
const beginAll = () => Promise.all(reading.map(begin))

const count = (text: string) => text.split(COMMENT).length - 1

type Begun = Awaited<ReturnType<typeof begin>>

/** Has each agent say something, and waits until its caller hears of it. */
async function say(replies: readonly Begun[], textOf: (gear: Gear) => string): Promise<void> {
  const before = replies.map(({ text }) => text())
  for (const { gear, response } of replies) response.write(textOf(gear))
  await eventually('each caller hears more', () => replies.every(({ text }, index) => text() !== before[index]))
}

/**
 * Lets so many heartbeats pass in silence. Each caller has the comment of one before the next
 * begins.
 */
async function passHeartbeats(times: number, replies: readonly WireReply[]): Promise<void> {
  for (let passed = 0; passed < times; passed++) {
    const before = replies.map((reply) => count(reply.text()))
    await world.gateway.advance(heartbeatSeconds)
    await eventually('each caller has a comment', () =>
      replies.every((reply, index) => count(reply.text()) > (before[index] ?? 0)),
    )
  }
}

describe('silent agents, if the gateway reads the stream (F9)', () => {
  it('the gateway sends comments while the agent is silent, and all bytes of the agent arrive', async () => {
    const replies = await beginAll()
    await world.gateway.advance(0.9 * heartbeatSeconds)
    await sleep(50)
    expect(replies.map((reply) => reply.text())).toEqual(replies.map(() => ''))
    await passHeartbeats(2, replies)
    await say(replies, ({ protocol }) => runs[protocol].slice(0, 3).join(''))
    await passHeartbeats(2, replies)
    for (const { gear, response } of replies) response.end(runs[gear.protocol].slice(3).join(''))
    for (const { gear, ...reply } of replies) {
      expect(await reply.end).toBe('whole')
      expect(count(reply.text())).toBeGreaterThanOrEqual(2)
      expect(reply.text().replaceAll(COMMENT, '')).toBe(runs[gear.protocol].join('').replaceAll(COMMENT, ''))
    }
  })

  it('the gateway sends no comment inside an event, however slowly the event arrives', async () => {
    const event = 'data: {"type":"RUN_FINISHED"}\n\n'
    const replies = await beginAll()
    for (const byte of event) {
      for (const { response } of replies) response.write(byte)
      await world.gateway.advance(0.15 * heartbeatSeconds)
      await sleep(10)
    }
    for (const { response } of replies) response.end()
    for (const reply of replies) {
      expect(await reply.end).toBe('whole')
      expect(count(reply.text())).toBeGreaterThanOrEqual(2)
      expect(reply.text()).toBe(COMMENT.repeat(count(reply.text())) + event)
    }
  })

  it('an agent that is silent for idleSeconds is stopped, and the caller receives an error event', async () => {
    const replies = await beginAll()
    const firstOf = (gear: Gear) => runs[gear.protocol][0] ?? ''
    await say(replies, firstOf)
    await passHeartbeats(4, replies)
    for (const { gear, id, text } of replies) {
      expect(text()).toBe(firstOf(gear) + COMMENT.repeat(4))
      expect(closed).not.toContain(id)
    }
    await world.gateway.advance(idleSeconds - 4 * heartbeatSeconds)
    for (const { gear, id, ...reply } of replies) {
      expect(await reply.end).toBe('whole')
      expect(reply.text()).toMatch(saysBroken[gear.protocol])
      expect(reply.text()).toContain('origin-stalled')
      expect(reply.text().startsWith(firstOf(gear))).toBe(true)
      await eventually('the origin is stopped', () => closed.has(id), 5)
    }
  })

  it('an agent is not stopped for silence while it sends any bytes, even part of an event', async () => {
    const replies = await beginAll()
    for (let said = 0; said < 4; said++) {
      await passHeartbeats(3, replies)
      if (said % 2) for (const { response } of replies) response.write('"x')
      else await say(replies, () => ': here\n\ndata: ')
    }
    for (const { response } of replies) response.end('"\n\n')
    for (const reply of replies) {
      expect(await reply.end).toBe('whole')
      expect(reply.text()).not.toContain('origin-stalled')
    }
  })

  it('a silent stream gets no comments and is not stopped if the gateway reads the stream only to replace ids', async () => {
    const [first = '', ...rest] = runs['ag-ui']
    const { response, ...reply } = await begin(quiet)
    response.write(first)
    await reply.has(first)
    await world.gateway.advance(2 * idleSeconds)
    await sleep(100)
    response.end(rest.join(''))
    expect(await reply.end).toBe('whole')
    expect(reply.text()).toBe(runs['ag-ui'].join(''))
  })

  it('an agent is not stopped for silence if its caller does not read the stream', async () => {
    const events = Array.from({ length: 800 }, () => `data: "${'x'.repeat(32_000)}"\n\n`)
    events.push('data: {"type":"RUN_FINISHED"}\n\n')
    let taken = 0
    const send = async (response: ServerResponse) => {
      for (const event of events) {
        if (!response.write(event)) await new Promise((go) => response.once('drain', go))
        taken++
      }
      response.end()
    }
    const replies = await Promise.all(reading.map((gear) => start(gear, send)))
    for (const { message } of replies) message.pause()
    for (let last = -1; last !== taken; await sleep(300)) last = taken
    expect(taken).toBeLessThan(events.length * replies.length)
    for (let silent = 0; silent < 2 * idleSeconds; silent += heartbeatSeconds) {
      await world.gateway.advance(heartbeatSeconds)
      await sleep(30)
    }
    for (const { message } of replies) message.resume()
    for (const reply of replies) {
      expect(await reply.end).toBe('whole')
      expect(reply.text().replaceAll(COMMENT, '') === events.join('')).toBe(true)
    }
  })
})

describe('silent streams that pass without changes (F9)', () => {
  const rpc = (method: string, params: object) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })

  it.each([
    ['mcp', rpc('tools/call', { name: 'x' })],
    ['a2a', rpc('SendStreamingMessage', { message: { messageId: 'm', parts: [] } })],
    ['http', '{}'],
  ])(
    'a silent stream gets comments, and its connection breaks after the idleSeconds of the route: %s',
    async (kind, body) => {
      const id = String(calls++)
      acts.set(id, (response) => response.write('data: {"jsonrpc":"2.0"}\n\n'))
      const path = `${world.gateway.url}/agents/${kind}${kind === 'http' ? '/x' : ''}`
      const reply = await call(path, { body, headers: { ...world.alice, prefer: id } })
      await reply.has('jsonrpc')
      await passHeartbeats(2, [reply])
      await world.gateway.advance(idleSeconds)
      expect(await reply.end).toBe('broken')
      await eventually('the agent is stopped', () => closed.has(id))
    },
  )
})

describe.each(gears.filter(({ isReading }) => !isReading))(
  'silent streams that pass unread on route $name (F9)',
  (gear) => {
    it('a stream that passes unread has only comments of the agent, however long it is silent', async () => {
      const comment = ': heartbeat\n\n'
      const { response, ...reply } = await begin(gear)
      response.write(comment)
      await reply.has(comment)
      await world.gateway.advance(2 * idleSeconds)
      await sleep(50)
      response.end(comment)
      expect(await reply.end).toBe('whole')
      expect(reply.text()).toBe(comment + comment)
    })
  },
)
