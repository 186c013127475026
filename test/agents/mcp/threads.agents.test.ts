import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routeOf } from '../../support/fixtures'
import { refused } from '../../support/refusal'
import { json, openWorld, type World } from '../../support/world'
import { type Headers, shown } from '../caller-view'
import { startTap, type Tap } from '../tap'
import { startPythonServer, startTypeScriptServer } from './servers'

const SERVERS = ['python', 'typescript'] as const
let world: World
const taps = {} as Record<(typeof SERVERS)[number], Tap>
const closing: { close(): Promise<void> }[] = []

beforeAll(async () => {
  const start = { python: startPythonServer, typescript: startTypeScriptServer }
  for (const name of SERVERS) {
    const server = await start[name]()
    taps[name] = await startTap(server.url)
    closing.push(server, taps[name])
  }
  world = await openWorld(
    ({ trust }) =>
      SERVERS.map((name) =>
        routeOf({ kind: 'mcp', origin: { url: taps[name].url } }, trust, { id: name, path: `/agents/${name}` }),
      ),
    { away: true },
  )
  closing.push(world)
}, 300_000)
afterAll(async () => {
  for (const server of closing.reverse()) await server.close()
})

const call = (method: string, params: object = {}) => ({ jsonrpc: '2.0', id: 1, method, params })
const search = call('tools/call', { name: 'search', arguments: { words: 'swordfish' } })
const initialize = call('initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '1.0.0' },
})
const within = (session: string): Headers => ({ 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' })
/** An id that the server could have given, with a mark that the gateway could have. */
const madeUp = () => `${crypto.randomUUID().replaceAll('-', '')}.${'A'.repeat(43)}`

describe.each(SERVERS)('sessions of an MCP server: %s', (name) => {
  const url = `/agents/${name}`
  const accept = { accept: 'application/json, text/event-stream' }
  const post = (body: unknown, person: Headers, headers: Headers = {}) =>
    world.gateway.fetch(url, json(body, { ...accept, ...person, ...headers }))
  const ask = (method: string, person: Headers, headers: Headers) =>
    world.gateway.fetch(url, { method, headers: { ...accept, ...person, ...headers } })

  /** @returns the session as its owner knows it, and as the server does */
  async function open(person: Headers = world.alice): Promise<{ own: string; inside: string }> {
    const reply = await post(initialize, person)
    await reply.text()
    const own = reply.headers.get('mcp-session-id') ?? ''
    await (await post({ jsonrpc: '2.0', method: 'notifications/initialized' }, person, within(own))).text()
    return { own, inside: String(taps[name].calls.at(-1)?.headers['mcp-session-id']) }
  }
  const works = async (session: string, person = world.alice) =>
    (await (await post(search, person, within(session))).text()).includes('found swordfish')

  it('a caller gets a sealed session id and continues the session with this id', async () => {
    const { own, inside } = await open()
    expect(own).toMatch(/^[0-9a-f-]+\.[\w-]{43}$/)
    expect(own.startsWith(`${inside}.`)).toBe(true)
    const reply = await post(search, world.alice, within(own))
    expect([own, null]).toContain(reply.headers.get('mcp-session-id'))
    expect(await reply.text()).toContain('found swordfish')
  })

  it('another person’s session id gets the same 404 as an unknown id (X6, X15)', async () => {
    const { own, inside } = await open()
    const { alice, bob, namesake } = world
    const asks: ((person: Headers, session: string) => Promise<Response>)[] = [
      (person, session) => post(search, person, within(session)),
      (person, session) => post(call('tools/list'), person, within(session)),
      (person, session) => post({ jsonrpc: '2.0', id: 1, result: {} }, person, within(session)),
      (person, session) =>
        post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }, person, within(session)),
      (person, session) => ask('GET', person, within(session)),
      (person, session) => ask('DELETE', person, within(session)),
    ]
    for (const each of asks) {
      const nothing = await shown(await each(bob, madeUp()))
      expect(nothing).toMatchObject({ status: 404 })
      for (const [person, session] of [
        [bob, own],
        [namesake, own],
        [bob, inside],
        [alice, inside],
        [alice, own.slice(0, -1)],
        [alice, `${own}x`],
        [alice, `${own}, ${own}`],
        [alice, `${inside}.${'A'.repeat(43)}`],
      ] as const) {
        expect(await shown(await each(person, session), session, inside)).toEqual(nothing)
      }
    }
    expect(taps[name].calls.filter(({ headers }) => headers['mcp-session-id'] === inside)).toHaveLength(1)
    expect(await works(own)).toBe(true)
  })

  it('a header with the session ids of the caller and another person gets 404 (X6)', async () => {
    const [alice, bob] = [await open(), await open(world.bob)]
    const both = await post(search, world.bob, { ...within(bob.own), 'Mcp-Session-Id': `${bob.own}, ${alice.own}` })
    expect(both.status).toBe(404)
    expect(await works(alice.own)).toBe(true)
    expect(await works(bob.own, world.bob)).toBe(true)
  })

  it('the owner can close a session, and later requests to the closed session get 404', async () => {
    const { own } = await open()
    expect((await ask('DELETE', world.alice, within(own))).status).toBeLessThan(300)
    expect((await post(search, world.alice, within(own))).status).toBe(404)
  })

  it('the owner of a session can open its event stream with GET', async () => {
    const { own } = await open()
    const reply = await ask('GET', world.alice, within(own))
    expect({ status: reply.status, type: reply.headers.get('content-type') }).toMatchObject({
      status: 200,
      type: expect.stringContaining('text/event-stream'),
    })
    await reply.body?.cancel()
  })

  it.each(['tasks/get', 'tasks/result', 'tasks/cancel', 'tasks/update', 'tasks/list'])(
    'the gateway refuses %s, because it cannot separate task ids by owner (X6)',
    async (method) => {
      const { own } = await open()
      const reply = await post(call(method, { taskId: 't1' }), world.alice, within(own))
      // 404 would end the session.
      expect(await refused(reply)).toEqual({ status: 200, code: 'operation-unknown' })
    },
  )
})
