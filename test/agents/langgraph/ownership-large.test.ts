import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { routeOf } from '../../support/fixtures'
import { json, openWorld, type World } from '../../support/world'
import { forwardedTo, LangGraphStub, OWNER, ownerIn, says } from './stub'

let world: World
let stub: LangGraphStub
let alice: string

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => {
    const agent = { kind: 'langgraph', origin: { url }, operations: ['threads.*', 'run.*', 'crons.*'] } as const
    return [
      routeOf(agent, [issuer]),
      routeOf(agent, [issuer], { id: 'first-comes', path: '/agents/first-comes', unowned: 'claim-by-first' }),
    ]
  })
  alice = await ownerIn(world, 'alice')
})
afterAll(() => world?.close())
beforeEach(() => {
  stub = new LangGraphStub()
  world.origin.handle(stub.handler)
  world.origin.received.length = 0
})

const kwargs = { input: { messages: ['x'.repeat(4_000_000)] } }
const as = (path: string, init?: RequestInit, route = 'langgraph') => world.as('alice', `/agents/${route}${path}`, init)

describe('access of owners to large data (X15)', () => {
  it.each(['join', 'stream'])('the owner of a thread can join a run with a large input (%s)', async (way) => {
    const [thread, run_id] = [stub.thread(alice), crypto.randomUUID()]
    stub.said = says(200, { run_id, thread_id: thread, kwargs })
    expect((await as(`/threads/${thread}/runs/${run_id}/${way}`)).status).toBe(200)
  })

  it.each(['GET', 'PATCH', 'DELETE'])('the owner of a cron can use it if its input is large (%s)', async (method) => {
    const cron = `/runs/crons/${crypto.randomUUID()}`
    stub.said = says(200, { metadata: { [OWNER]: alice }, payload: kwargs })
    const init = method === 'PATCH' ? { ...json({ enabled: false }), method } : { method }
    expect((await as(cron, init)).status).toBe(200)
  })

  it('a caller can claim a large thread without an owner, even if the answer of the server to the claim does not end', async () => {
    for (const ends of [true, false]) {
      const thread = stub.thread(undefined)
      stub.said = (request, response, body) => {
        if (request.method !== 'PATCH') return says(200, {})(request, response, body)
        stub.owners.set(thread, JSON.parse(body).metadata[OWNER])
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write(`{"values":"${'x'.repeat(12_000_000)}`)
        if (ends) response.end('"}')
      }
      expect((await as(`/threads/${thread}`, {}, 'first-comes')).status).toBe(200)
    }
  })

  const metadata = { note: 'z'.repeat(64 * 1024) }
  it.each<[string, string, object]>([
    ['a thread', '/threads', { metadata }],
    ['a thread of an id', '/threads', { metadata, thread_id: crypto.randomUUID(), if_exists: 'do_nothing' }],
    ['a change', '/threads/{own}', { metadata }],
    ['a run', '/threads/{own}/runs', { metadata, if_not_exists: 'create' }],
    ['a run’s configuration', '/threads/{own}/runs/stream', { config: { metadata } }],
    ['a run without a thread', '/runs/wait', { metadata }],
    ['one of many runs', '/runs/batch', [{}, { metadata }]],
    ['a command', '/threads/{own}/commands', { method: 'run.start', params: { metadata } }],
    ['a cron', '/runs/crons', { metadata }],
  ])('a request with more than 64 KB of metadata is refused with body-too-large: %s', async (_what, path, body) => {
    const url = path.replace('{own}', stub.thread(alice))
    const init = { ...json(body), method: path === '/threads/{own}' ? 'PATCH' : 'POST' }
    const reply = await as(url, init)
    expect([reply.status, await reply.json()]).toEqual([
      413,
      expect.objectContaining({ code: 'body-too-large', field: 'metadata' }),
    ])
    expect(forwardedTo(world.origin)).toEqual([])
    const fits = JSON.parse(JSON.stringify(body).replace(metadata.note, 'z'.repeat(64 * 1024 - 11)))
    expect((await as(url, { ...init, body: JSON.stringify(fits) })).status).not.toBe(413)
  })
})

describe('threads created by the gateway for a run', () => {
  const run = { config: { metadata: { a: 1, b: 1, [OWNER]: 'bob' } }, metadata: { b: 2, c: 2, [OWNER]: 'bob' } }
  it.each<[string, object, object]>([
    ['runs', { ...run, if_not_exists: 'create' }, { a: 1, b: 2, c: 2 }],
    ['runs/wait', { if_not_exists: 'create', config: null, metadata: null }, {}],
    ['commands', { method: 'run.start', params: run }, { a: 1, b: 2, c: 2 }],
    ['stream/events', { channels: ['values'] }, {}],
  ])('a thread that the gateway creates for a run gets the metadata of the run (%s)', async (path, body, metadata) => {
    const thread = crypto.randomUUID()
    expect((await as(`/threads/${thread}/${path}`, json(body))).status).toBe(200)
    const made = forwardedTo(world.origin).find(({ url }) => url === '/threads')
    expect(JSON.parse(made?.body ?? '').metadata).toEqual({ ...metadata, [OWNER]: alice })
  })
})
