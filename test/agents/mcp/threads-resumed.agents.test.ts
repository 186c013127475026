import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routeOf } from '../../support/fixtures'
import { json, openWorld, type World } from '../../support/world'
import type { Headers } from '../caller-view'
import { startTap, type Tap } from '../tap'
import { startStoringPythonServer, startTypeScriptServer } from './servers'

/**
 * By how they keep events: all in one store, or each session's in its own, which is what the route
 * of the last says.
 */
const starts = {
  python: startStoringPythonServer,
  typescript: startTypeScriptServer,
  'per-session': () => startTypeScriptServer('per-session'),
}
type Name = keyof typeof starts
const NAMES = Object.keys(starts) as Name[]

let world: World
const taps = {} as Record<Name, Tap>
const closing: { close(): Promise<void> }[] = []

beforeAll(async () => {
  for (const name of NAMES) {
    const server = await starts[name]()
    taps[name] = await startTap(server.url)
    closing.push(server, taps[name])
  }
  world = await openWorld(
    ({ trust }) =>
      NAMES.flatMap((name) => {
        const agent = { kind: 'mcp', origin: { url: taps[name].url } } as const
        const own = name === 'per-session' ? { ...agent, eventStore: name } : agent
        return [
          routeOf(own, trust, { id: name, path: `/agents/${name}` }),
          routeOf(agent, trust, { id: `${name}-shared`, path: `/agents/${name}-shared`, threads: 'shared' }),
        ]
      }),
    { away: true },
  )
  closing.push(world)
}, 300_000)
afterAll(async () => {
  for (const server of closing.reverse()) await server.close()
})

/** One who has opened a session on a route. */
async function enter(route: string, person: Headers) {
  const headers: Headers = { accept: 'application/json, text/event-stream', ...person }
  const url = `/agents/${route}`
  const post = (body: unknown) => world.gateway.fetch(url, json(body, headers))
  const clientInfo = { name: 'test', version: '1.0.0' }
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
  const reply = await post({ jsonrpc: '2.0', id: 0, method: 'initialize', params })
  await reply.text()
  headers['mcp-session-id'] = reply.headers.get('mcp-session-id') ?? ''
  headers['mcp-protocol-version'] = '2025-11-25'
  await (await post({ jsonrpc: '2.0', method: 'notifications/initialized' })).text()
  return {
    /** @returns the ids of the events, the first of which is before the answer */
    async search(words: string): Promise<string[]> {
      const tool = { name: 'search', arguments: { words } }
      const text = await (await post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: tool })).text()
      expect(text).toContain(`found ${words}`)
      return idsIn(text)
    },
    /** The text of the session's own stream, or of one that is taken up, until it is silent. */
    async listen(more: Headers = {}, meanwhile?: () => Promise<unknown>): Promise<{ status: number; text: string }> {
      const { 'mcp-session-id': session = '', ...rest } = headers
      const reply = await world.gateway.fetch(url, { headers: { ...rest, 'mcp-session-id': session, ...more } })
      await meanwhile?.()
      const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader()
      const late = setTimeout(() => reader?.cancel(), 400)
      let text = ''
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value
      clearTimeout(late)
      return { status: reply.status, text }
    },
  }
}
const idsIn = (text: string): string[] => [...text.matchAll(/^id: ?(.+?)\r?$/gm)].map(([, id]) => id ?? '')
const passed = (name: Name) => taps[name].calls.at(-1)?.headers['last-event-id']

describe.each(['python', 'typescript'] as const)(
  'streams of an MCP server that has one event store for all sessions: %s',
  (name) => {
    it('an event id of one person replays no answers to another person (X6)', async () => {
      const [alice, bob] = [await enter(name, world.alice), await enter(name, world.bob)]
      const [first = ''] = await bob.search('mine')
      await alice.search('swordfish')
      expect(await bob.listen({ 'last-event-id': first })).toEqual({ status: 200, text: '' })
      expect(passed(name)).toBeUndefined()
    })

    it('an event id of a session stream does not replay another person’s session (X6)', async () => {
      const [alice, bob] = [await enter(name, world.alice), await enter(name, world.bob)]
      const { text } = await bob.listen({}, () => bob.search('mine'))
      const [event = ''] = idsIn(text)
      expect(text).toContain('mine')
      expect(event).not.toBe('')
      await alice.listen({}, () => alice.search('swordfish'))
      expect((await bob.listen({ 'last-event-id': event })).text).not.toContain('swordfish')
      expect(passed(name)).toBeUndefined()
    })

    it('an event id of one session replays nothing in another session (X6)', async () => {
      const events = await (await enter(name, world.alice)).search('swordfish')
      for (const person of [world.alice, world.bob, world.namesake]) {
        const { listen } = await enter(name, person)
        expect((await listen({ 'last-event-id': events[0] ?? '' })).text).not.toContain('swordfish')
        expect(passed(name)).toBeUndefined()
      }
    })

    it('a caller can resume a stream by its event id if threads are shared', async () => {
      const alice = await enter(`${name}-shared`, world.alice)
      const [first = ''] = await alice.search('swordfish')
      expect((await alice.listen({ 'last-event-id': first })).text).toContain('found swordfish')
    })

    it('another person can resume a stream by its event id if threads are shared', async () => {
      const [first = ''] = await (await enter(`${name}-shared`, world.alice)).search('swordfish')
      const bob = await enter(`${name}-shared`, world.bob)
      expect((await bob.listen({ 'last-event-id': first })).text).toContain('found swordfish')
    })
  },
)

describe('MCP routes with eventStore per-session', () => {
  const name = 'per-session'

  it('the owner resumes a lost stream after the last event received', async () => {
    const alice = await enter(name, world.alice)
    const [first = '', ...later] = await alice.search('swordfish')
    const { text } = await alice.listen({ 'last-event-id': first })
    expect(passed(name)).toBe(first)
    expect(text).toContain('found swordfish')
    expect(idsIn(text)).toEqual(later)
  })

  it('an event id replays nothing to another person or in another session (X6)', async () => {
    const [first = ''] = await (await enter(name, world.alice)).search('swordfish')
    for (const person of [world.alice, world.bob, world.namesake]) {
      const { listen } = await enter(name, person)
      expect((await listen({ 'last-event-id': first })).text).not.toContain('swordfish')
    }
  })

  it('the server gets no last-event-id from a request without a session id (X6)', async () => {
    const [first = ''] = await (await enter(name, world.alice)).search('swordfish')
    const headers = { ...world.alice, accept: 'text/event-stream', 'last-event-id': first }
    await (await world.gateway.fetch(`/agents/${name}`, { headers })).text()
    expect(passed(name)).toBeUndefined()
  })
})
