import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually'
import { routeOf } from '../support/fixtures'
import { openRaw } from '../support/raw'
import { refused } from '../support/refusal'
import { json, openWorld, type World } from '../support/world'

const MiB = 1024 * 1024
let world: World

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, trust }) => [
    routeOf({ kind: 'ag-ui', origin: { url } }, trust, { threads: 'shared', limits: { bodyBytes: 64 * MiB } }),
    routeOf({ kind: 'ag-ui', origin: { url } }, trust, { id: 'old', path: '/agents/old', tokenInBody: true }),
  ])
  world.origin.handle((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end('{"ok":true}')
  })
})
afterAll(() => world?.close())
beforeEach(() => world.gateway.setClock(0))

/** Begins to send a body of a length, and gives what sends more of it. */
async function begin(length: number | 'chunked', { path = '/agents/ag-ui', signedIn = true } = {}) {
  const { host } = new URL(world.gateway.url)
  const { socket, answer } = await openRaw(world.gateway.url)
  const framing = length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
  const lines = [`POST ${path} HTTP/1.1`, `Host: ${host}`, 'Content-Type: application/json', framing]
  if (signedIn) lines.push(`Authorization: ${world.alice.authorization}`)
  socket.write([...lines, '', ''].join('\r\n'))
  return {
    answer,
    status: () => Number(answer().split(' ', 2)[1]),
    async send(bytes: string) {
      if (!socket.write(length === 'chunked' ? `${bytes.length.toString(16)}\r\n${bytes}\r\n` : bytes))
        await once(socket, 'drain')
    },
    leave: () => socket.destroy(),
  }
}
/** The gateway is given the time to read. */
const SOON = 100

describe('bodies that arrive too slowly (F14)', () => {
  it.each([1000, 'chunked'] as const)(
    'a body that arrives too slowly is refused with 408 after 20 seconds (length: %s)',
    async (length) => {
      const body = await begin(length)
      await sleep(SOON)
      for (let second = 0; second < 19; second++) {
        await body.send('x')
        await world.gateway.advance(1)
      }
      await sleep(SOON)
      expect(body.answer()).toBe('')
      await world.gateway.advance(2)
      await eventually('the answer', () => body.answer().includes('body-too-slow'))
      expect(body.status()).toBe(408)
    },
  )

  it('a body gets more time for the bytes that have arrived, not for the announced length', async () => {
    const body = await begin(60_000)
    await body.send('x'.repeat(40_000))
    await sleep(SOON)
    await world.gateway.advance(23)
    await sleep(SOON)
    expect(body.answer()).toBe('')
    await world.gateway.advance(3)
    await eventually('the answer', () => body.answer().includes('body-too-slow'))
  })

  it('a body that arrives at 8 KiB a second or faster is not refused as too slow', async () => {
    const part = 'x'.repeat(65_536)
    const body = await begin(part.length * 10 + 2)
    await body.send('"')
    for (let sent = 0; sent < 10; sent++) {
      await body.send(part)
      await sleep(20)
      await world.gateway.advance(7)
      expect(body.answer()).toBe('')
    }
    await body.send('"')
    await eventually('the answer', () => body.answer().includes('HTTP/1.1'))
    expect(body.answer()).toContain('body-invalid')
  })
})

describe('bodies read at the same time (X11)', () => {
  it('bodies that are read at the same time share 32 MiB; a body over this limit gets 503 and Retry-After', async () => {
    const first = await begin(40 * MiB)
    await first.send('x'.repeat(24 * MiB))
    await sleep(SOON)
    const second = await begin(40 * MiB)
    void second.send('x'.repeat(24 * MiB)).catch(() => undefined)
    await eventually('the answer', () => second.answer().includes('gateway-busy'))
    expect(second.status()).toBe(503)
    expect(second.answer()).toMatch(/retry-after: 5\r\n/i)
    expect(first.answer()).toBe('')
    first.leave()
    await sleep(SOON)
    const third = await begin(24 * MiB)
    await third.send('x'.repeat(24 * MiB))
    await eventually('the answer', () => third.answer() !== '')
    expect(third.answer()).toContain('body-invalid')
  })
})

describe('bodies read before the caller is known', () => {
  const run = (more: object) => ({ threadId: 't', runId: 'r', messages: [], ...more })
  const large = run({ state: { text: 'x'.repeat(300 * 1024) } })

  it('a body that is read before the caller is known has a small size limit and a time limit', async () => {
    const post = (body: unknown) => world.as(undefined, '/agents/old', json(body))
    expect(await refused(await post(large))).toEqual({ status: 413, code: 'body-too-large' })
    const body = await begin(1000, { path: '/agents/old', signedIn: false })
    await sleep(SOON)
    await world.gateway.advance(21)
    await eventually('the answer', () => body.answer().includes('body-too-slow'))
  })

  it('the body of a request with a token in a header has the normal limit, and may not have a different token', async () => {
    const post = (body: unknown) => world.as('alice', '/agents/old', json(body))
    expect((await post(large)).status).toBe(200)
    const own = world.token('alice')
    expect((await post(run({ forwardedProps: { authorization: own } }))).status).toBe(200)
    expect(world.origin.last().body).not.toContain(own)
    const other = run({ forwardedProps: { authorization: world.token('bob') } })
    expect(await refused(await post(other))).toEqual({ status: 400, code: 'credential-ambiguous' })
    const before = world.origin.received.length
    const unread = await begin(1000, { path: '/agents/old' })
    await sleep(SOON)
    await world.gateway.advance(21)
    await eventually('the answer', () => unread.answer().includes('body-too-slow'))
    expect(world.origin.received.length).toBe(before)
  })

  it('a body is not read if the token in the Authorization header is malformed', async () => {
    const { host } = new URL(world.gateway.url)
    const { socket, answer } = await openRaw(world.gateway.url)
    const lines = ['POST /agents/old HTTP/1.1', `Host: ${host}`, 'Content-Length: 1000', 'Authorization: Bearer nobody']
    socket.write([...lines, '', ''].join('\r\n'))
    await eventually('the answer', () => answer().includes('token-invalid'))
    socket.destroy()
  })
})
