import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { kinds, type LangGraphStage, openLangGraph } from './stage'
import { run } from './threads-things'

let stage: LangGraphStage
beforeAll(async () => {
  stage = await openLangGraph()
}, 600_000)
afterAll(() => stage?.close())

const long = 'x'.repeat(300_000)

describe.each(kinds)('owners of threads on a %s server', (kind) => {
  const alice = () => stage.as('alice', kind)
  /** A route of its own believes nothing that another has seen, as if it were another isolate. */
  const elsewhere = (person: 'alice' | 'bob') => stage.as(person, `${kind}-claimed`)
  const made = async () => (await alice()('POST', '/threads', {})).json.thread_id as string

  it('the owner of a thread can join a run with a large input through another isolate (X15)', async () => {
    const thread = await made()
    const { run_id: id } = (await alice()('POST', `/threads/${thread}/runs`, run(`hi ${long}`))).json
    const joined = await elsewhere('alice')('GET', `/threads/${thread}/runs/${id}/join`)
    expect([joined.status, joined.json.messages.length]).toEqual([200, 2])
  })

  it('a person can claim a large thread that has no owner (X15)', async () => {
    const { thread_id: thread } = (await stage.at(kind)('POST', '/threads', {})).json
    await stage.at(kind)('POST', `/threads/${thread}/runs/wait`, run(`hi ${long}`))
    expect((await elsewhere('alice')('GET', `/threads/${thread}/state`)).status).toBe(200)
    expect((await alice()('GET', `/threads/${thread}/state`)).json.values.messages.length).toBe(2)
  })

  it('the owner of a cron with a large input can read, change and delete it (X15)', async () => {
    // JavaScript servers have none.
    if (kind === 'javascript') return
    const { cron_id: cron } = (await alice()('POST', '/runs/crons', run(long, { schedule: '0 0 1 1 *' }))).json
    expect((await alice()('GET', `/runs/crons/${cron}`)).status).toBe(200)
    expect((await alice()('PATCH', `/runs/crons/${cron}`, { enabled: false })).status).toBe(200)
    expect((await alice()('DELETE', `/runs/crons/${cron}`)).status).toBeLessThan(300)
  })

  it.each(['runs/wait', 'commands'])(
    'the owner finds a thread by the metadata of the run that created it (%s)',
    async (path) => {
      const thread = crypto.randomUUID()
      const begun = run('hi', {
        if_not_exists: 'create',
        metadata: { tag: thread },
        config: { metadata: { of: 'config' } },
      })
      const body = path === 'commands' ? { id: 1, method: 'run.start', params: begun } : begun
      expect((await alice()('POST', `/threads/${thread}/${path}`, body)).status).toBe(200)
      const found = await alice()('POST', '/threads/search', { metadata: { tag: thread } })
      const agent = { graph_id: 'agent', assistant_id: expect.any(String) }
      expect(found.json).toMatchObject([{ thread_id: thread, metadata: { tag: thread, of: 'config', ...agent } }])
    },
  )

  it('after a thread with active runs is deleted, a person who recreates it sees none of their data (X6)', async () => {
    const thread = await made()
    const secret = `secret-${crypto.randomUUID()}`
    const path = `/threads/${thread}/runs`
    const going = run(`be silent for 4 seconds, ${secret}`, { stream_resumable: true, multitask_strategy: 'enqueue' })
    const stream = alice()('POST', `${path}/stream`, going)
    const begun = async () =>
      expect((await alice()('GET', `${path}?status=running`)).json).toMatchObject([{ status: 'running' }])
    await vi.waitFor(begun, { timeout: 20_000 })
    for (let n = 0; n < 3; n++) expect((await alice()('POST', path, going)).status).toBe(200)

    const before = performance.now()
    expect((await alice()('DELETE', `/threads/${thread}`)).status).toBe(204)
    expect(performance.now() - before).toBeLessThan(4000)
    expect((await stream).status).toBe(200)
    expect((await elsewhere('bob')('POST', '/threads', { thread_id: thread })).status).toBe(200)
    await sleep(6000)
    const after = await elsewhere('bob')('POST', `${path}/wait`, run('hello'))
    expect([after.status, after.json.messages.length]).toEqual([200, 2])
    for (const part of ['', '/state', '/history', '/runs'])
      expect((await elsewhere('bob')('GET', `/threads/${thread}${part}`)).text).not.toContain(secret)
  })

  it('the id of a deleted thread is reserved for the former owner for a while (X6)', async () => {
    const thread = await made()
    expect((await alice()('DELETE', `/threads/${thread}`)).status).toBe(204)
    const bob = stage.as('bob', kind)
    expect((await bob('POST', '/threads', { thread_id: thread })).json.code).toBe('thread-unknown')
    expect((await bob('POST', `/threads/${thread}/stream/events`, { channels: ['values'] }, 1)).status).toBe(404)
    expect((await alice()('POST', '/threads', { thread_id: thread })).status).toBe(200)
    expect((await alice()('POST', `/threads/${thread}/runs/wait`, run('hi'))).json.messages.length).toBe(2)
  })
})
