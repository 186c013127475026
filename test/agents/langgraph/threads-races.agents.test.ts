import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Heard, kinds, type LangGraphStage, openLangGraph, type Person } from './stage'
import { run } from './threads-things'

let stage: LangGraphStage
beforeAll(async () => {
  stage = await openLangGraph()
}, 600_000)
afterAll(() => stage?.close())

type Way = (id: string, secret: string) => readonly [path: string, body: object]
const step = (secret: string) => ({
  updates: [{ values: { messages: [{ role: 'user', content: secret }] }, as_node: 'answer' }],
})
const made = (id: string, secret: string, more: object) => ({
  thread_id: id,
  metadata: { secret, graph_id: 'agent' },
  ...more,
})
const started = (secret: string) => run(secret, { if_not_exists: 'create', metadata: { secret } })

const ways: Record<string, Way> = {
  'create it': (id, secret) => ['/threads', made(id, secret, {})],
  'create it unless it is there': (id, secret) => ['/threads', made(id, secret, { if_exists: 'do_nothing' })],
  'create it with first steps': (id, secret) => ['/threads', made(id, secret, { supersteps: [step(secret)] })],
  'create it with first steps unless it is there': (id, secret) => [
    '/threads',
    made(id, secret, { supersteps: [step(secret)], if_exists: 'do_nothing' }),
  ],
  'run what creates it': (id, secret) => [`/threads/${id}/runs`, started(secret)],
  'wait for a run that creates it': (id, secret) => [`/threads/${id}/runs/wait`, started(secret)],
  'stream a run that creates it': (id, secret) => [`/threads/${id}/runs/stream`, started(secret)],
  'start it with a command': (id, secret) => [
    `/threads/${id}/commands`,
    { id: 1, method: 'run.start', params: started(secret) },
  ],
}
const racers = ['alice', 'bob'] as const
const secretOf = (person: Person) => `secret of ${person}`

/** Everything that a person can see of a thread. */
const seenBy = (person: Person, route: string, id: string): Promise<Heard[]> =>
  Promise.all(
    ['', '/state', '/history', '/runs'].map((part) => stage.as(person, route)('GET', `/threads/${id}${part}`)),
  )

async function expectOneHasIt(kind: string, id: string, replies: readonly Heard[]): Promise<void> {
  const winner = racers.find((_, index) => replies[index]!.status < 300)
  expect(replies.filter(({ status }) => status < 300).length, replies.map(({ text }) => text).join()).toBe(1)
  const loser = winner === 'alice' ? 'bob' : 'alice'
  expect([404, 409]).toContain(replies[racers.indexOf(loser)]!.status)
  for (const { text } of [replies[racers.indexOf(loser)]!, ...(await seenBy(loser, kind, id))])
    expect(text).not.toContain(secretOf(winner!))
  for (const { status } of await seenBy(loser, kind, id)) expect(status).toBe(404)
  const [thread, state] = await seenBy(winner!, kind, id)
  expect([thread!.status, state!.status]).toEqual([200, 200])
  expect(thread!.text + state!.text).not.toContain(secretOf(loser))
}

describe.each(kinds)('races for a thread on a %s server (X6)', (kind) => {
  it.each(Object.keys(ways))(
    'if two people race for a thread and both %s, the thread gets one owner and the other person cannot see it',
    async (way) => {
      const rounds = Array.from({ length: 6 }, async () => {
        const id = crypto.randomUUID()
        const replies = await Promise.all(
          racers.map((person) => stage.as(person, kind)('POST', ...ways[way]!(id, secretOf(person)))),
        )
        await expectOneHasIt(kind, id, replies)
      })
      await Promise.all(rounds)
    },
  )

  it('if two people race for a thread in different ways, the thread gets one owner and the other person cannot see it', async () => {
    const names = Object.keys(ways)
    await Promise.all(
      names.map(async (first, index) => {
        const id = crypto.randomUUID()
        const both = [first, names[(index + 3) % names.length]!]
        const tries = both.map((way, at) => {
          const person = racers[at]!
          return stage.as(person, kind)('POST', ...ways[way]!(id, secretOf(person)))
        })
        await expectOneHasIt(kind, id, await Promise.all(tries))
      }),
    )
  })

  it('if two people claim a thread without an owner at once, only one person becomes the owner', async () => {
    const route = `${kind}-claimed`
    for (let round = 0; round < 6; round++) {
      const { thread_id: id } = (await stage.at(kind)('POST', '/threads', {})).json
      await Promise.all(racers.map((person) => stage.as(person, route)('GET', `/threads/${id}`)))
      const statuses = await Promise.all(
        racers.map(async (person) => (await stage.as(person, kind)('GET', `/threads/${id}`)).status),
      )
      expect(statuses.toSorted()).toEqual([200, 404])
    }
  })
})

describe.each(kinds)('deleted threads on a %s server (X6)', (kind) => {
  it('a deleted thread belongs to the person who recreates it, and the former owner gets 404', async () => {
    // The route through which a thread was deleted reserves its id for a while. Another isolate
    // does not.
    const [alice, bob] = [stage.as('alice', kind), stage.as('bob', `${kind}-claimed`)]
    const id = crypto.randomUUID()
    await alice('POST', '/threads', { thread_id: id })
    expect((await alice('GET', `/threads/${id}`)).status).toBe(200)
    expect((await alice('DELETE', `/threads/${id}`)).status).toBeLessThan(300)
    expect((await alice('GET', `/threads/${id}`)).status).toBe(404)
    expect((await bob('POST', '/threads', { thread_id: id, metadata: { secret: secretOf('bob') } })).status).toBe(200)
    for (const { status } of await seenBy('alice', kind, id)) expect(status).toBe(404)
    expect((await bob('GET', `/threads/${id}`)).json.metadata.secret).toBe(secretOf('bob'))
  })
})
