import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { routeOf } from '../../support/fixtures'
import { refused } from '../../support/refusal'
import { json, openWorld, type World } from '../../support/world'
import { forwardedTo, LangGraphStub, OWNER, ownerIn, questionsAt, says } from './stub'

let world: World
let stub: LangGraphStub
let alice: string
let bob: string
/** The clock goes on from test to test, so that nothing is believed from before. */
const later = (seconds: number) => world.gateway.advance(seconds)

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => [
    routeOf({ kind: 'langgraph', origin: { url } }, [issuer]),
    routeOf({ kind: 'langgraph', origin: { url } }, [issuer], { id: 'again', path: '/again' }),
    routeOf({ kind: 'langgraph', origin: { url } }, [issuer], {
      id: 'first-comes',
      path: '/first-comes',
      unowned: 'claim-by-first',
    }),
  ])
  ;[alice, bob] = await Promise.all([ownerIn(world, 'alice'), ownerIn(world, 'bob')])
})
afterAll(() => world?.close())
beforeEach(async () => {
  stub = new LangGraphStub()
  world.origin.handle(stub.handler)
  world.origin.received.length = 0
  await later(40)
})

const read = async (person: 'alice' | 'bob', thread: string, route = 'agents/langgraph') => {
  const response = await world.as(person, `/${route}/threads/${thread}`)
  await response.text()
  return response.status
}
/** How many questions something cost, and what it came to. */
const cost = async (status: Promise<number>) => {
  const before = questionsAt(world.origin).length
  return [await status, questionsAt(world.origin).length - before]
}

describe('owners of threads on a LangGraph server', () => {
  it('the gateway asks the server for the owner of a thread at the first request, and again only after 30 seconds', async () => {
    const thread = stub.thread(alice)
    expect(await cost(read('alice', thread))).toEqual([200, 1])
    expect(await cost(read('alice', thread))).toEqual([200, 0])
    await later(29)
    expect(await cost(read('alice', thread))).toEqual([200, 0])
    await later(2)
    expect(await cost(read('alice', thread))).toEqual([200, 1])
    expect(forwardedTo(world.origin)).toHaveLength(4)
  })

  it('a cached owner admits no other person, and is not used on another route (X6, invariant 10)', async () => {
    const thread = stub.thread(alice)
    expect(await cost(read('bob', thread))).toEqual([404, 1])
    expect(await cost(read('alice', thread))).toEqual([200, 1])
    expect(await cost(read('bob', thread))).toEqual([404, 1])
    expect(await cost(read('alice', thread))).toEqual([200, 0])
    expect(await cost(read('alice', thread, 'again'))).toEqual([200, 1])
    expect(forwardedTo(world.origin)).toHaveLength(3)
  })

  it('the gateway does not cache a 404 for a thread, because the thread may exist at the next request', async () => {
    const thread = crypto.randomUUID()
    expect(await cost(read('alice', thread))).toEqual([404, 1])
    stub.thread(alice, thread)
    expect(await cost(read('alice', thread))).toEqual([200, 1])
  })

  it('after a deletion, another person can create a thread with the same id only after ten minutes', async () => {
    const thread = stub.thread(alice)
    const made = () => world.as('bob', '/agents/langgraph/threads', json({ thread_id: thread }))
    expect(await cost(read('alice', thread))).toEqual([200, 1])
    expect((await world.as('alice', `/agents/langgraph/threads/${thread}`, { method: 'DELETE' })).status).toBe(200)
    expect(await cost(read('alice', thread))).toEqual([404, 1])
    expect(await refused(await made())).toEqual({ status: 404, code: 'thread-unknown' })
    await later(599)
    expect((await made()).status).toBe(404)
    await later(2)
    expect((await made()).status).toBe(200)
    expect(await cost(read('alice', thread))).toEqual([404, 1])
    expect(await cost(read('bob', thread))).toEqual([200, expect.any(Number)])
  })

  it('the creator of a thread owns the thread at once, and the gateway does not look up the owner', async () => {
    const thread = crypto.randomUUID()
    const making = world.as('alice', '/agents/langgraph/threads', json({ thread_id: thread }))
    expect(await cost(making.then(({ status }) => status))).toEqual([200, 0])
    expect(stub.owners.get(thread)).toBe(alice)
    expect(await cost(read('alice', thread))).toEqual([200, 0])
    expect(await cost(read('bob', thread))).toEqual([404, 1])
  })

  it('a caller who creates a thread that already exists gets the 409 of the server unchanged', async () => {
    const thread = stub.thread(bob)
    const reply = await world.as('alice', '/agents/langgraph/threads', json({ thread_id: thread }))
    expect([reply.status, await reply.text()]).toEqual([409, 'Thread already exists'])
    expect(await cost(read('alice', thread))).toEqual([404, 1])
  })

  it('a thread without an owner gets 404, unless the route lets the first caller claim it (X6)', async () => {
    const thread = stub.thread(undefined)
    expect(await cost(read('alice', thread))).toEqual([404, 1])
    stub.said = (request, response, body) => {
      if (request.method === 'PATCH') stub.owners.set(thread, JSON.parse(body).metadata.sallyport_owner)
      response.end('{}')
    }
    expect(await cost(read('bob', thread, 'first-comes'))).toEqual([200, 2])
    expect(stub.owners.get(thread)).toBe(bob)
    expect(await cost(read('alice', thread, 'first-comes'))).toEqual([404, 1])
    expect(await cost(read('bob', thread))).toEqual([200, 1])
  })

  it('the gateway uses the thread id in the path, and does not forward another thread id in the body (X6)', async () => {
    const [own, other] = [stub.thread(alice), stub.thread(bob)]
    const named = {
      thread_id: other,
      config: { configurable: { thread_id: other } },
      checkpoint: { thread_id: other, checkpoint_ns: '' },
      before: { thread_id: other, configurable: { thread_id: other } },
    }
    for (const path of ['runs', 'runs/stream', 'runs/wait', 'state', 'state/checkpoint', 'history', 'commands']) {
      for (const body of [named, { method: 'run.start', params: named }]) {
        const reply = await world.as('alice', `/agents/langgraph/threads/${own}/${path}`, json(body))
        await reply.text()
        expect([path, reply.status]).toEqual([path, 200])
        expect(world.origin.last().body).not.toContain(other)
      }
    }
  })

  it('a caller can join a run only if the run belongs to the thread in the path (X6)', async () => {
    const [own, other] = [stub.thread(alice), stub.thread(bob)]
    const run = crypto.randomUUID()
    stub.said = says(200, { run_id: run, thread_id: other })
    for (const way of ['join', 'stream']) {
      const reply = await world.as('alice', `/agents/langgraph/threads/${own}/runs/${run}/${way}`)
      expect(await refused(reply)).toEqual({ status: 404, code: 'thread-unknown' })
      expect(world.origin.last().url).toBe(`/threads/${own}/runs/${run}`)
    }
    stub.said = says(200, { run_id: run, thread_id: own })
    expect((await world.as('alice', `/agents/langgraph/threads/${own}/runs/${run}/stream`)).status).toBe(200)
    const before = world.origin.received.length
    expect((await world.as('alice', `/agents/langgraph/threads/${own}/runs/${run}/join`)).status).toBe(200)
    expect(world.origin.received.length - before).toBe(1)
  })

  it.each([
    ['run.start', true],
    ['input.respond', true],
    ['state.get', false],
  ])(
    'the gateway writes the owner into a command only if the command can start a run: %s (X6)',
    async (method, isStamped) => {
      const own = stub.thread(alice)
      const body = { id: 1, method, params: { metadata: { topic: 'x' } } }
      expect((await world.as('alice', `/agents/langgraph/threads/${own}/commands`, json(body))).status).toBe(200)
      const { params, ...rest } = JSON.parse(world.origin.last().body) as { params: object }
      expect(rest).toEqual({ id: 1, method })
      expect(params).toMatchObject({ metadata: { topic: 'x', ...(isStamped && { [OWNER]: alice }) } })
      expect(JSON.stringify(params).includes(OWNER)).toBe(isStamped)
    },
  )

  it('the creator of a run can join it without another request for the owner (X6)', async () => {
    const own = stub.thread(alice)
    const run = crypto.randomUUID()
    stub.said = (request, response, body) => {
      response.setHeader('content-location', `/threads/${own}/runs/${run}`)
      return says(200, { run_id: run, thread_id: own })(request, response, body)
    }
    const made = await world.as('alice', `/agents/langgraph/threads/${own}/runs`, json({ assistant_id: 'agent' }))
    expect(made.status).toBe(200)
    const before = world.origin.received.length
    expect((await world.as('alice', `/agents/langgraph/threads/${own}/runs/${run}/join`)).status).toBe(200)
    expect(world.origin.received.slice(before).map(({ url }) => url)).toEqual([`/threads/${own}/runs/${run}/join`])
  })

  it.each([
    'Z',
    '00000000-0000-0000-0000-00000000000',
    'ABCDEF00-0000-4000-8000-000000000000',
    'a%20b',
    'search2',
    '*',
  ])('a malformed thread id gets 404 without a request to the server: %s', async (id) => {
    expect(await cost(read('alice', id))).toEqual([404, 0])
    expect(world.origin.received).toEqual([])
  })
})
