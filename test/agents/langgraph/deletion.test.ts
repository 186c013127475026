import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually'
import { routeOf } from '../../support/fixtures'
import { refused } from '../../support/refusal'
import { json, openWorld, type World } from '../../support/world'
import { forwardedTo, LangGraphStub, ownerIn, questionsAt, type Say, says } from './stub'

let world: World
let stub: LangGraphStub
let alice: string
/** Below the ten seconds that a run has to end. Only a clock that is moved reaches it. */
const firstByteSeconds = 8

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => [
    routeOf({ kind: 'langgraph', origin: { url } }, [issuer], { limits: { firstByteSeconds } }),
  ])
  alice = await ownerIn(world, 'alice')
})
afterAll(() => world?.close())
beforeEach(() => {
  stub = new LangGraphStub()
  world.origin.handle(stub.handler)
  world.origin.received.length = 0
})

const at = (person: 'alice' | 'bob', path: string, init?: RequestInit) =>
  world.as(person, `/agents/langgraph${path}`, init)
const remove = (thread: string) => at('alice', `/threads/${thread}`, { method: 'DELETE' })

/**
 * The runs that the server has under way, by status: an end that is asked for is come to, or not.
 */
function running(runs: Record<string, string[]>, { obeys = true, more = {} } = {}): Say {
  return async (request, response, body) => {
    const url = new URL(request.url ?? '', 'http://stub')
    if (request.method === 'POST') {
      const run = url.pathname.split('/')[4]
      if (obeys) for (const list of Object.values(runs)) list.splice(0, list.length, ...list.filter((id) => id !== run))
      return says(obeys ? 204 : 500, '')(request, response, body)
    }
    const offset = Number(url.searchParams.get('offset'))
    const found = (runs[url.searchParams.get('status') ?? ''] ?? []).slice(offset, offset + 1)
    return says(
      200,
      found.map((run_id) => ({ run_id, ...more })),
    )(request, response, body)
  }
}
const withRuns = (...given: Parameters<typeof running>) => {
  stub.listed = running(...given)
  const yes = stub.said
  stub.said = (...asked) => (asked[0].url?.includes('/cancel') ? stub.listed(...asked) : yes(...asked))
}
const asked = (thread: string) =>
  forwardedTo(world.origin)
    .map(({ method, url }) => `${method} ${url.replace(`/threads/${thread}`, '').replace(/\?status=(\w+)&.*/, ' $1')}`)
    .filter((line) => !line.startsWith('GET'))

describe('deletion of threads (X6)', () => {
  it('for a deletion, the gateway first cancels the pending runs of the thread, then the running run, and then deletes the thread', async () => {
    const thread = stub.thread(alice)
    const [first, second, going] = [1, 2, 3].map(() => crypto.randomUUID() as string) as [string, string, string]
    withRuns({ pending: [first, second], running: [going] })
    expect((await remove(thread)).status).toBe(200)
    const cancel = (run: string) => `POST /runs/${run}/cancel?wait=true`
    expect(asked(thread)).toEqual([cancel(first), cancel(second), cancel(going), 'DELETE '])
  })

  it('for a deletion, the gateway cancels each run of the thread once, and deletes the thread even if the runs do not end', async () => {
    const thread = stub.thread(alice)
    const [first, second] = [crypto.randomUUID(), crypto.randomUUID()]
    withRuns({ pending: [first, second], running: [] }, { obeys: false })
    expect((await remove(thread)).status).toBe(200)
    expect(asked(thread).map((line) => line.slice(0, 18))).toEqual([
      `POST /runs/${first.slice(0, 7)}`,
      `POST /runs/${second.slice(0, 7)}`,
      'DELETE ',
    ])
  })

  it('deleting a thread takes two more requests if no run is active, and works if the data of a run is huge', async () => {
    const thread = stub.thread(alice)
    expect((await remove(thread)).status).toBe(200)
    expect(forwardedTo(world.origin).map(({ method }) => method)).toEqual(['GET', 'GET', 'DELETE'])
    const long = stub.thread(alice)
    withRuns({ pending: [crypto.randomUUID()] }, { more: { kwargs: { input: 'x'.repeat(400_000) } } })
    expect((await remove(long)).status).toBe(200)
  })

  it('a thread is deleted even if the answer to the cancellation of a run is long or never comes', async () => {
    for (const hangs of [false, true]) {
      const thread = stub.thread(alice)
      withRuns({ running: [crypto.randomUUID()] })
      const listed = stub.listed
      stub.listed = (request, response, body) => {
        if (request.method !== 'POST') return listed(request, response, body)
        if (hangs) return world.gateway.advance(firstByteSeconds)
        response.end('x'.repeat(12_000_000))
      }
      expect((await remove(thread)).status).toBe(200)
      expect(asked(thread).at(-1)).toBe('DELETE ')
    }
  })

  it.each<[string, Say, number, string]>([
    ['500', says(500, []), 502, 'origin-reply-refused'],
    ['503', says(503, []), 503, 'origin-busy'],
    ['no list', says(200, {}), 502, 'origin-reply-refused'],
    ['no runs', says(200, ['all']), 502, 'origin-reply-refused'],
    ['an invalid run id', says(200, [{ run_id: '../..' }]), 502, 'origin-reply-refused'],
    ['a closed connection', ({ socket }) => void socket.destroy(), 502, 'origin-unreachable'],
  ])(
    'the deletion of a thread is refused if the server answers the request for active runs with %s',
    async (_what, say, status, code) => {
      const thread = stub.thread(alice)
      stub.listed = say
      expect(await refused(await remove(thread))).toEqual({ status, code })
      expect(asked(thread)).toEqual([])
      stub.listed = says(200, [])
      expect((await remove(thread)).status).toBe(200)
    },
  )

  it('a late answer about the owner of a deleted thread gives the former owner no access again', async () => {
    const thread = stub.thread(alice)
    const held = Promise.withResolvers<void>()
    stub.asked = async (_request, response) => {
      stub.asked = undefined
      response.writeHead(200, { 'content-type': 'application/json' })
      await held.promise
      response.end(JSON.stringify([{ thread_id: thread, metadata: { sallyport_owner: alice } }]))
    }
    const slow = at('alice', `/threads/${thread}`)
    await eventually('the question is there', () => questionsAt(world.origin).length === 1)
    expect((await remove(thread)).status).toBe(200)
    stub.thread('of somebody else', thread)
    held.resolve()
    await (await slow).text()
    await sleep(10)
    expect((await at('alice', `/threads/${thread}`)).status).toBe(404)
  })

  it('the id of a deleted thread is reserved: another person who tries to create it gets 404', async () => {
    const thread = stub.thread(alice)
    expect((await remove(thread)).status).toBe(200)
    const run = { assistant_id: 'agent', if_not_exists: 'create' }
    const ways: readonly [string, object][] = [
      ['/threads', { thread_id: thread }],
      ['/threads', { thread_id: thread, if_exists: 'do_nothing' }],
      ['/threads', { thread_id: thread, supersteps: [] }],
      [`/threads/${thread}/runs`, run],
      [`/threads/${thread}/runs/stream`, run],
      [`/threads/${thread}/commands`, { method: 'run.start', params: run }],
      [`/threads/${thread}/stream/events`, { channels: ['values'] }],
    ]
    for (const [path, body] of ways)
      expect(await refused(await at('bob', path, json(body)))).toEqual({ status: 404, code: 'thread-unknown' })
    expect(stub.owners.has(thread)).toBe(false)
    expect((await at('alice', `/threads/${thread}/runs`, json(run))).status).toBe(200)
    expect(stub.owners.get(thread)).toBe(alice)
  })
})
