import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { routeOf } from '../../support/fixtures'
import { refused } from '../../support/refusal'
import { json, openWorld, type World } from '../../support/world'
import { forwardedTo, LangGraphStub, OWNER, ownerIn, questionsAt, type Say, says as saysJust } from './stub'

let world: World
let stub: LangGraphStub
let alice: string
const thread = '0b8d7a4e-1111-4222-8333-444455556666'
const other = '0b8d7a4e-1111-4222-8333-444455557777'
/** So long that only a clock that is moved reaches it. */
const firstByteSeconds = 60

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => {
    const agent = { kind: 'langgraph', origin: { url } } as const
    // The size of an answer is bounded by the size of what callers may send.
    const limits = { firstByteSeconds, bodyBytes: 10_000 }
    return [
      routeOf(agent, [issuer], { limits }),
      routeOf(agent, [issuer], { id: 'first-comes', path: '/agents/first-comes', unowned: 'claim-by-first', limits }),
    ]
  })
  alice = await ownerIn(world, 'alice')
})
afterAll(() => world?.close())
beforeEach(() => {
  stub = new LangGraphStub()
  stub.thread(alice, thread)
  world.origin.handle(stub.handler)
  world.origin.received.length = 0
})

/** Known only once the identity provider is. */
const says =
  (status: number, body: unknown, type?: string): Say =>
  (...asked) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return saysJust(status, text.replaceAll('ALICE', alice), type)(...asked)
  }
const own = (id = thread) => ({ thread_id: id, metadata: { [OWNER]: 'ALICE' } })
const withOwner = (owner: unknown) => [{ thread_id: thread, metadata: { [OWNER]: owner } }]

const hangs: Say = () => world.gateway.advance(firstByteSeconds)
const cut: Say = async (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
  response.write(JSON.stringify([own()]).replace('ALICE', alice))
  await sleep(20)
  response.destroy()
}
/** It looks like an answer that ended. */
const cutWithoutLength: Say = async (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.write(JSON.stringify([own()]).replace('ALICE', alice))
  await sleep(20)
  response.socket?.resetAndDestroy()
}
const stalls: Say = async (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.write('[{"thread_id":')
  // The head is given the time to arrive.
  await sleep(200)
  await world.gateway.advance(firstByteSeconds)
}
const refuses: Say = (request) => void request.socket.destroy()

const UNREACHABLE = [502, 'origin-unreachable'] as const
const REFUSED = [502, 'origin-reply-refused'] as const
const BUSY = [503, 'origin-busy'] as const
const UNKNOWN = [404, 'thread-unknown'] as const

const answers: readonly [name: string, say: Say, as: readonly [status: number, code: string]][] = [
  ['401', says(401, { detail: 'no' }), [502, 'origin-unauthorized']],
  ['403', says(403, { detail: 'no' }), REFUSED],
  ['404', says(404, 'Not Found', 'text/plain'), UNKNOWN],
  ['422', says(422, { detail: [] }), REFUSED],
  ['429', says(429, [own()]), BUSY],
  ['500', says(500, [own()]), REFUSED],
  ['503', says(503, '', 'text/html'), BUSY],
  ['a redirect', says(302, [own()]), REFUSED],
  ['201', says(201, [own()]), REFUSED],
  ['204', says(204, ''), REFUSED],
  ['nothing before the time limit (F7)', hangs, [504, 'origin-timeout']],
  ['a closed connection (F6)', refuses, UNREACHABLE],
  ['a part of the announced length (F8)', cut, UNREACHABLE],
  ['valid JSON and a reset connection (F8)', cutWithoutLength, UNREACHABLE],
  ['headers and an incomplete body', stalls, UNREACHABLE],
  ['no JSON', says(200, `${JSON.stringify([own()])},`), REFUSED],
  ['HTML', says(200, '<h1>Sign in</h1>', 'text/html'), REFUSED],
  ['an empty body', says(200, ''), REFUSED],
  ['a very large thread (F12)', says(200, [{ ...own(), values: 'x'.repeat(1_100_000) }]), REFUSED],
  ['a thread instead of a list', says(200, own()), REFUSED],
  ['null', says(200, 'null'), REFUSED],
  ['a list of null', says(200, [null]), REFUSED],
  ['a list of lists', says(200, [[own()]]), REFUSED],
  ['an empty list', says(200, []), UNKNOWN],
  ['another thread', says(200, [own(other)]), REFUSED],
  ['another thread before the requested thread', says(200, [own(other), own()]), REFUSED],
  ['a thread without an id', says(200, [{ metadata: { [OWNER]: 'ALICE' } }]), REFUSED],
  ['the id in capitals', says(200, [own(thread.toUpperCase())]), REFUSED],
  ['no metadata', says(200, [{ thread_id: thread }]), UNKNOWN],
  ['metadata of null', says(200, [{ thread_id: thread, metadata: null }]), UNKNOWN],
  ['metadata as a list', says(200, [{ thread_id: thread, metadata: ['ALICE'] }]), UNKNOWN],
  ['metadata as text', says(200, [{ thread_id: thread, metadata: 'ALICE' }]), UNKNOWN],
  ['an owner beside the metadata', says(200, [{ thread_id: thread, [OWNER]: 'ALICE', metadata: {} }]), UNKNOWN],
  ...[null, '', 0, 1, true, false, [], {}, ['ALICE'], { a: 'ALICE' }, 'ALICE ', 'alice'].map(
    (owner): (typeof answers)[number] => [`an owner of ${JSON.stringify(owner)}`, says(200, withOwner(owner)), UNKNOWN],
  ),
]

const doings: readonly [what: string, path: string, init: RequestInit][] = [
  ['reads', `/threads/${thread}/state`, {}],
  ['runs', `/threads/${thread}/runs/stream`, json({ assistant_id: 'agent', if_not_exists: 'reject' })],
]

describe('threads with an unclear owner (X6)', () => {
  it.each(answers)(
    'a thread cannot be read or get a run if the server answers the request for its owner with %s',
    async (_name, say, [status, code]) => {
      stub.asked = say
      for (const [, path, init] of doings) {
        const reply = await world.as('alice', `/agents/langgraph${path}`, init)
        expect(await refused(reply)).toEqual({ status, code })
      }
      expect(questionsAt(world.origin)).toHaveLength(doings.length)
      expect(forwardedTo(world.origin)).toEqual([])
    },
  )

  it('the audit line has the reason "answer too large" if the answer about the owner is too large', async () => {
    stub.asked = says(200, [{ ...own(), values: 'x'.repeat(1_100_000) }])
    const reply = await world.as('alice', `/agents/langgraph/threads/${thread}`)
    expect((await world.gateway.auditOf(reply)).reason).toBe('answer too large')
  })

  it.each(answers)(
    'a run cannot create or claim a thread if the server answers the request for its owner with %s',
    async (_name, say) => {
      stub.asked = say
      // A caller who takes a thread has it only once the server says that it is theirs.
      const reply = await world.as(
        'alice',
        `/agents/first-comes/threads/${thread}/runs/stream`,
        json({ assistant_id: 'agent', if_not_exists: 'create' }),
      )
      await reply.text()
      expect(reply.status).toBeGreaterThanOrEqual(404)
      expect(forwardedTo(world.origin).filter(({ url }) => url !== '/threads' && url !== `/threads/${thread}`)).toEqual(
        [],
      )
    },
  )

  it('the owner can read a thread if a valid answer about the owner has additional data', async () => {
    const more = [{}, { values: 'x'.repeat(200_000) }, { metadata: { [OWNER]: 'ALICE', graph_id: 'agent' } }]
    for (const each of more) {
      const id = crypto.randomUUID()
      stub.asked = says(200, [{ ...own(id), ...each }, own(other)])
      expect((await world.as('alice', `/agents/langgraph/threads/${id}`)).status).toBe(200)
    }
  })

  it.each([429, 503])(
    'the caller gets 503 with Retry-After if the server answers the request for the owner with %s',
    async (status) => {
      stub.asked = says(status, { detail: 'too many' })
      const reply = await world.as('alice', `/agents/langgraph/threads/${thread}`)
      expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '5'])
    },
  )

  it('a failed request for the owner of a thread is not cached: the next request succeeds', async () => {
    stub.asked = says(500, '')
    expect((await world.as('alice', `/agents/langgraph/threads/${thread}`)).status).toBe(502)
    stub.asked = undefined
    expect((await world.as('alice', `/agents/langgraph/threads/${thread}`)).status).toBe(200)
  })
})
