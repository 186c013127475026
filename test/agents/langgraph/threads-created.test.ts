import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { policyWithExamples, routeOf } from '../../support/fixtures'
import { refused } from '../../support/refusal'
import { json, openWorld, type World } from '../../support/world'
import { LangGraphStub, OWNER, ownerIn } from './stub'

let world: World
let stub: LangGraphStub
let alice: string

/** Enough to listen to a thread and to start runs in it, but not to create one. */
const OTHERS = ['threads.read', 'threads.search', 'threads.count', 'threads.stream', 'run.*']
const mayCreateAll = policyWithExamples({ id: 'all', allow: [{ name: 'all', operations: ['*'] }] })
const mayNotCreate = policyWithExamples({
  id: 'no-creation',
  allow: [{ name: 'all', operations: ['*'] }],
  deny: [{ name: 'no creation', operations: ['threads.create'] }],
})

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => [
    routeOf({ kind: 'langgraph', origin: { url } }, [issuer], { id: 'open', path: '/open', policies: [mayCreateAll] }),
    routeOf({ kind: 'langgraph', origin: { url } }, [issuer], {
      id: 'denied',
      path: '/denied',
      policies: [mayCreateAll, mayNotCreate],
    }),
    routeOf({ kind: 'langgraph', origin: { url }, operations: OTHERS }, [issuer], {
      id: 'not-offered',
      path: '/not-offered',
      policies: [mayCreateAll],
    }),
  ])
  alice = await ownerIn(world, 'alice')
})
afterAll(() => world?.close())
beforeEach(() => {
  stub = new LangGraphStub()
  world.origin.handle(stub.handler)
  world.origin.received.length = 0
})

/** For these requests the gateway first creates the thread, so that LangGraph records its owner. */
const ways = {
  'listening to its events': (thread: string) => [`/threads/${thread}/stream/events`, {}] as const,
  'the command run.start': (thread: string) =>
    [`/threads/${thread}/commands`, { id: 1, method: 'run.start', params: { assistant_id: 'agent' } }] as const,
}
const creations = () =>
  world.origin.received.filter(({ method, url }) => method === 'POST' && url === '/threads').map(({ body }) => body)

describe.each(Object.entries(ways))('a missing thread, requested by %s', (_way, request) => {
  const ask = async (route: string, thread: string) => {
    const [path, body] = request(thread)
    return world.as('alice', `/${route}${path}`, json(body))
  }

  it.each([
    ['whose policy denies threads.create', 'denied'],
    ['that does not offer threads.create', 'not-offered'],
  ])('a missing thread is not created on a route %s: the answer is 404', async (_which, route) => {
    const thread = crypto.randomUUID()
    expect(await refused(await ask(route, thread))).toEqual({ status: 404, code: 'thread-unknown' })
    expect(creations()).toEqual([])
    expect(stub.owners.size).toBe(0)
  })

  it('a missing thread is created for the caller if the route offers and permits threads.create', async () => {
    const thread = crypto.randomUUID()
    expect((await ask('open', thread)).status).toBe(200)
    expect(creations()).toHaveLength(1)
    expect(stub.owners.get(thread)).toBe(alice)
  })

  it.each(['denied', 'not-offered'])(
    'the owner can use an existing thread without permission for threads.create (%s)',
    async (route) => {
      const thread = stub.thread(alice)
      expect((await ask(route, thread)).status).toBe(200)
      expect(creations()).toEqual([])
    },
  )
})

describe('requests to create or search threads', () => {
  it.each(['/threads/search', '/threads/count'])(
    'a request to %s without a body covers only threads of the caller',
    async (path) => {
      expect((await world.as('alice', `/open${path}`, { method: 'POST' })).status).toBe(200)
      expect(JSON.parse(world.origin.last().body)).toEqual({ metadata: { [OWNER]: alice } })
    },
  )

  it.each([
    ['supersteps', { supersteps: [] }],
    ['if_exists', { if_exists: 'do_nothing' }],
  ])('a request to /threads with %s is forwarded after the gateway has created the thread', async (_what, more) => {
    const thread = crypto.randomUUID()
    expect((await world.as('alice', '/open/threads', json({ thread_id: thread, ...more }))).status).toBe(200)
    expect(creations().map((body) => JSON.parse(body))).toMatchObject([
      { thread_id: thread, if_exists: 'raise' },
      { thread_id: thread, if_exists: 'do_nothing', ...more },
    ])
    expect(stub.owners.get(thread)).toBe(alice)
  })

  it('a request to /threads without a body creates a thread that the caller owns', async () => {
    world.origin.handle((_request, response, body) => {
      const { metadata } = JSON.parse(body) as { metadata: object }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ thread_id: crypto.randomUUID(), metadata }))
    })
    expect((await world.as('alice', '/open/threads', { method: 'POST' })).status).toBe(200)
    expect(JSON.parse(world.origin.last().body)).toEqual({ metadata: { [OWNER]: alice } })
  })
})
