import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kinds, type LangGraphStage, openLangGraph, type Person } from './stage'
import { plain, run } from './threads-things'

let stage: LangGraphStage
beforeAll(async () => {
  stage = await openLangGraph()
}, 600_000)
afterAll(() => stage?.close())

const everybody: readonly Person[] = ['alice', 'bob', 'admin', 'namesake', 'stranger']

describe.each(kinds)('threads that existed before the gateway, %s server', (kind) => {
  const secret = 'from before'
  const before = async (): Promise<string> =>
    (await stage.at(kind)('POST', '/threads', { metadata: { secret } })).json.thread_id
  const stored = async (thread: string) => (await stage.at(kind)('GET', `/threads/${thread}`)).text
  const first: readonly [string, (thread: string) => readonly [string, string, object?]][] = [
    ['reads it', (thread) => ['GET', `/threads/${thread}`]],
    ['reads its state', (thread) => ['GET', `/threads/${thread}/state`]],
    ['runs on it', (thread) => ['POST', `/threads/${thread}/runs/wait`, run('hi')]],
    ['changes it', (thread) => ['PATCH', `/threads/${thread}`, { metadata: { colour: 'red' } }]],
    ['lists its runs', (thread) => ['GET', `/threads/${thread}/runs`]],
    ['listens to it', (thread) => ['POST', `/threads/${thread}/stream/events`, { channels: ['values'] }]],
    ['tries to create it', (thread) => ['POST', '/threads', { thread_id: thread, if_exists: 'do_nothing' }]],
  ]

  it.each(first)(
    'a thread without an owner looks missing, by default, to every person who %s (X6, X15)',
    async (_what, ask) => {
      const thread = await before()
      const was = await stored(thread)
      for (const person of everybody) {
        const heard = await stage.as(person, kind)(...ask(thread))
        expect(heard.json.code).toBe('thread-unknown')
        const missing = crypto.randomUUID()
        const nothing = await stage.as(person, kind)('GET', `/threads/${missing}`)
        expect(plain(heard, { thread })).toBe(plain(nothing, { thread: missing }))
        const { json } = await stage.as(person, kind)('POST', '/threads/search', { metadata: { secret } })
        expect(json).toEqual([])
      }
      expect(await stored(thread)).toBe(was)
    },
  )

  it.each(first)(
    'if the route permits claims, a thread without an owner belongs only to the first person who %s (X6)',
    async (_what, ask) => {
      const route = `${kind}-claimed`
      const thread = await before()
      const [method, path, body] = ask(thread)
      expect((await stage.as('bob', route)(method, path, body, 0.5)).status).toBe(200)
      for (const person of everybody.filter((each) => each !== 'bob')) {
        for (const [, other] of first) expect((await stage.as(person, route)(...other(thread))).status).toBe(404)
      }
      const found = await stage.as('bob', route)('GET', `/threads/${thread}`)
      expect(found.json).toMatchObject({ thread_id: thread, metadata: { secret } })
      // Not where threads without an owner are hidden either: it has one now.
      expect((await stage.as('bob', kind)('GET', `/threads/${thread}`)).status).toBe(200)
      expect((await stage.as('alice', kind)('GET', `/threads/${thread}`)).status).toBe(404)
    },
  )

  it('a search does not find or claim a thread without an owner, even if the route permits claims (X15)', async () => {
    const thread = await before()
    const { json } = await stage.as('bob', `${kind}-claimed`)('POST', '/threads/search', { ids: [thread] })
    expect(json).toEqual([])
    expect(JSON.parse(await stored(thread)).metadata).not.toHaveProperty('sallyport_owner')
  })
})

describe.each(kinds)('threads of a tenant on a %s server', (kind) => {
  const route = `${kind}-tenant`

  it('people of a tenant share threads, and people of other tenants or providers get 404 (X6)', async () => {
    const [alice, bob] = [stage.as('alice', route), stage.as('bob', route)]
    const { thread_id: thread } = (await alice('POST', '/threads', { metadata: { secret: 'of acme' } })).json
    const wait = `/threads/${thread}/runs/wait`
    expect((await alice('POST', wait, run('first'))).status).toBe(200)
    expect((await bob('POST', wait, run('second'))).json.messages.length).toBe(4)
    expect((await bob('POST', '/threads/search', { ids: [thread] })).json).toMatchObject([{ thread_id: thread }])
    const { text: was } = await stage.at(kind)('GET', `/threads/${thread}`)
    for (const person of ['stranger', 'namesake'] as const) {
      const other = stage.as(person, route)
      for (const path of ['', '/state', '/history', '/runs']) {
        const { status, text } = await other('GET', `/threads/${thread}${path}`)
        expect([person, status]).toEqual([person, 404])
        expect(text).not.toContain('first')
      }
      expect((await other('POST', wait, run('third'))).status).toBe(404)
      expect((await other('DELETE', `/threads/${thread}`)).status).toBe(404)
      expect((await other('POST', '/threads/search', { ids: [thread] })).json).toEqual([])
    }
    // The owner of a thread depends on the route: a tenant's thread is no person's.
    expect((await stage.as('alice', kind)('GET', `/threads/${thread}`)).status).toBe(404)
    expect((await stage.at(kind)('GET', `/threads/${thread}`)).text).toBe(was)
  })

  it('people of a tenant share a store that people of other tenants cannot reach', async () => {
    const item = { namespace: ['notes'], key: 'tenant' }
    await stage.as('alice', route)('PUT', '/store/items', { ...item, value: { secret: 'of acme' } })
    const read = (person: Person) => stage.as(person, route)('GET', '/store/items?namespace=notes&key=tenant')
    expect((await read('bob')).json).toMatchObject({ ...item, value: { secret: 'of acme' } })
    for (const person of ['stranger', 'namesake'] as const) expect((await read(person)).text).not.toContain('of acme')
    await stage.as('stranger', route)('DELETE', '/store/items', item)
    expect((await read('bob')).json).toMatchObject(item)
  })

  it('a person without a tenant gets 403 on a route with tenant threads', async () => {
    for (const [method, path, body] of [
      ['POST', '/threads', {}],
      ['POST', '/threads/search', {}],
      ['GET', `/threads/${crypto.randomUUID()}`],
      ['POST', '/runs/wait', run('hi')],
      ['GET', '/store/items?namespace=notes&key=tenant'],
    ] as const) {
      const { status, json } = await stage.as('tenantless', route)(method, path, body)
      expect([path, status, json.code]).toEqual([path, 403, 'tenant-missing'])
    }
    expect((await stage.as('tenantless', kind)('POST', '/threads', {})).status).toBe(200)
  })
})

describe.each(kinds)('shared threads on a %s server', (kind) => {
  const route = `${kind}-shared`

  it('everyone who may use the route can use a shared thread, and the thread has no owner', async () => {
    const { thread_id: thread } = (await stage.as('alice', route)('POST', '/threads', {})).json
    for (const person of ['alice', 'namesake', 'tenantless'] as const) {
      const { status } = await stage.as(person, route)('POST', `/threads/${thread}/runs/wait`, run('hi'))
      expect([person, status]).toEqual([person, 200])
      expect((await stage.as(person, route)('POST', '/threads/search', { ids: [thread] })).json.length).toBe(1)
    }
    expect((await stage.at(kind)('GET', `/threads/${thread}`)).text).not.toContain('sallyport_owner')
  })

  it('a route with shared threads offers no store and no crons', async () => {
    for (const [method, path] of [
      ['GET', '/store/items?namespace=notes&key=first'],
      ['POST', '/store/items/search'],
      ['POST', '/runs/crons/search'],
    ] as const) {
      const body = method === 'POST' ? {} : undefined
      const { status, json } = await stage.as('alice', route)(method, path, body)
      expect([status, json.code]).toEqual([404, 'operation-unknown'])
    }
  })
})
