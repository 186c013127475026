import { once } from 'node:events'
import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LangGraphClient, type LangGraphSdk, loadClients, type StreamPart } from '../support/clients'
import { bearer, forge, policyWithExamples, routeOf } from '../support/fixtures'
import { graphIdentity } from '../support/graph-identity'
import { type LangGraphServer, startLangGraphServer } from '../support/langgraph-server'
import { json, openWorld, type World } from '../support/world'

/** The operations of a chat, and nothing beside them. */
const chatOnly = policyWithExamples({
  id: 'chat-only',
  allow: [{ name: 'chat', operations: ['threads.*', 'run.stream'] }],
})

let sdk: LangGraphSdk
let server: LangGraphServer
let world: World
/**
 * Stands between gateway and server, and cuts a stream once. It says where the stream can be taken
 * up again, as a Python server does, but not below `NAMELESS`.
 */
let tap: Server
const NAMELESS = '/nameless'
let cutAfter: string | undefined
const tapped: string[] = []

beforeAll(async () => {
  sdk = (await loadClients()).langGraph
  server = await startLangGraphServer()
  tap = createServer((request, response) => {
    const { method, headers } = request
    const path = (request.url ?? '').replace(NAMELESS, '')
    tapped.push(`${method} ${path} ${headers['last-event-id'] ?? ''}`.trim())
    const onward = httpRequest(server.url + path, { method, headers: { ...headers, host: new URL(server.url).host } })
    onward.on('response', (reply) => {
      const run = path === request.url ? reply.headers['content-location'] : undefined
      response.writeHead(reply.statusCode ?? 0, { ...reply.headers, ...(run && { location: `${run}/stream` }) })
      reply.on('data', (data: Buffer) => {
        response.write(data)
        if (cutAfter === undefined || !data.includes(cutAfter)) return
        cutAfter = undefined
        // The bytes that were written get time to arrive.
        setTimeout(() => response.destroy(), 50)
      })
      reply.on('end', () => response.end()).on('error', () => response.destroy())
    })
    response.on('close', () => onward.destroy())
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  tap.listen(0, '127.0.0.1')
  await once(tap, 'listening')
  const tapUrl = `http://127.0.0.1:${(tap.address() as AddressInfo).port}`
  world = await openWorld(({ trust }) => {
    const route = (id: string, url: string, more = {}) =>
      routeOf({ kind: 'langgraph', origin: { url } }, trust, { id, path: `/agents/${id}`, ...more })
    return [
      route('langgraph', server.url),
      route('heartbeats', server.url, { limits: { heartbeatSeconds: 1 } }),
      route('chat-only', server.url, { policies: [chatOnly] }),
      // Where several people speak in one thread.
      route('shared', server.url, { threads: 'shared' }),
      route('shared-with-user', server.url, { threads: 'shared', identity: { langgraphAuthUser: true } }),
      route('tapped', tapUrl),
      route('tapped-with-user', tapUrl, { identity: { langgraphAuthUser: true } }),
      route('nameless', `${tapUrl}${NAMELESS}`),
      route('nameless-with-user', `${tapUrl}${NAMELESS}`, { identity: { langgraphAuthUser: true } }),
    ]
  })
}, 300_000)
afterAll(async () => {
  await world?.close()
  await server?.close()
  tap?.closeAllConnections()
  tap?.close()
})

const clientOf = (apiUrl: string, defaultHeaders: Record<string, string>) =>
  new sdk.Client({ apiUrl, defaultHeaders, apiKey: null })
const through = (headers: Record<string, string> = world.alice, route = 'langgraph') =>
  clientOf(`${world.gateway.url}/agents/${route}`, headers)
const direct = () => clientOf(server.url, {})

const ask = (content: string, more: object = {}) => ({ input: { messages: [{ role: 'user', content }] }, ...more })

async function collect(stream: AsyncGenerator<StreamPart>): Promise<StreamPart[]> {
  const parts: StreamPart[] = []
  for await (const part of stream) parts.push(part)
  return parts
}

/** An id with the mark that it is its caller's, as runs without a thread have. */
const MARK = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.[\w-]{43}/g

/** A value without ids, times, identity and owners, which are all that may differ. */
function plain(value: unknown): unknown {
  const ids = new Map<string, string>()
  const text = JSON.stringify(value, (key, item) =>
    /^(x-.*|user-agent|seen|created_at|updated_at|sallyport_owner)$/.test(key) ? undefined : item,
  )
  const named = text
    .replace(MARK, '$1')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (id) => {
      if (!ids.has(id)) ids.set(id, `id ${ids.size}`)
      return ids.get(id) ?? ''
    })
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')
  return JSON.parse(named)
}

/** The same steps with a client of the server and one of the gateway. */
const onBoth = <T>(steps: (client: LangGraphClient) => Promise<T>): Promise<[T, T]> =>
  Promise.all([steps(direct()), steps(through())])

async function expectSame(steps: (client: LangGraphClient) => Promise<unknown>): Promise<void> {
  const [near, far] = await onBoth(steps)
  expect(plain(far)).toEqual(plain(near))
}

describe.concurrent('LangGraph SDK through the gateway', () => {
  it('the LangGraph SDK finds assistants as without the gateway', async () => {
    await expectSame(async ({ assistants }) => {
      const [assistant] = await assistants.search({ graphId: 'agent' })
      return [assistant, await assistants.get(assistant.assistant_id), await assistants.getGraph('agent')]
    })
  })

  it('the LangGraph SDK creates, reads, changes, copies and deletes threads as without the gateway', async () => {
    await expectSame(async ({ threads }) => {
      const mark = { mark: crypto.randomUUID() }
      const created = await threads.create({ metadata: mark, graphId: 'agent' })
      const id = created.thread_id
      const results = [
        created,
        await threads.get(id),
        await threads.search({ metadata: mark }),
        await threads.update(id, { metadata: { colour: 'red' } }),
        await threads.updateState(id, {
          values: { messages: [{ role: 'user', content: 'noted', id: 'm1' }] },
          asNode: 'answer',
        }),
        await threads.getState(id),
        await threads.getHistory(id),
        await threads.copy(id),
        await threads.search({ metadata: { ...mark, colour: 'red' } }),
        await threads.delete(id),
        await threads.get(id).catch((error: { status: number }) => error.status),
      ]
      return results
    })
  })

  it.each([
    ['values', undefined],
    ['messages', 'messages-tuple'],
    ['updates', 'updates'],
    [
      'all modes',
      ['values', 'messages', 'messages-tuple', 'updates', 'events', 'debug', 'custom', 'tasks', 'checkpoints'],
    ],
  ])('the LangGraph SDK streams a run as without the gateway, in stream mode: %s', async (_what, streamMode) => {
    const results = await onBoth(async ({ threads, runs }) => {
      const { thread_id: thread } = await threads.create()
      const created: unknown[] = []
      const onRunCreated = (run: unknown) => created.push(run)
      const parts = await collect(
        runs.stream(thread, 'agent', ask('count to 5', { ...(streamMode && { streamMode }), onRunCreated })),
      )
      const [first] = parts
      expect(created).toEqual([{ run_id: first?.data.run_id, thread_id: thread }])
      return { parts, state: await threads.getState(thread), history: await threads.getHistory(thread) }
    })
    const [near, far] = results.map(plain)
    expect(far).toEqual(near)
    expect(JSON.stringify(far)).toContain('1 2 3 4 5')
  })

  it('the LangGraph SDK runs without a thread, and waits for a run, as without the gateway', async () => {
    await expectSame(async ({ threads, runs }) => {
      const { thread_id: thread } = await threads.create()
      return [
        await runs.wait(thread, 'agent', ask('count to 3')),
        await runs.wait(null, 'agent', ask('count to 3')),
        await collect(runs.stream(null, 'agent', ask('count to 3', { streamMode: 'updates' }))),
      ]
    })
  })

  it('the gateway stores the owner with a thread and its runs, and seals ids of runs without a thread', async () => {
    const { threads, runs } = through()
    const { thread_id: thread } = await threads.create()
    await runs.wait(thread, 'agent', ask('hello'))
    const { sallyport_owner: owner } = (await direct().threads.get(thread)).metadata
    // The digest of who the caller is.
    expect(owner).toMatch(/^[\w-]{43}$/)
    const [run] = await direct().runs.list(thread)
    expect(run?.metadata).toMatchObject({ sallyport_owner: owner })

    const [first] = await collect(runs.stream(null, 'agent', ask('hello')))
    expect(first?.data.run_id.replace(MARK, '')).toBe('')
    const { run_id: created } = await runs.create(null, 'agent', ask('hello'))
    expect(created.replace(MARK, '')).toBe('')
  })

  it('the LangGraph SDK gets the same 404 for a thread of another person as for a missing thread', async () => {
    const { thread_id: thread } = await through(world.bob).threads.create()
    const told = (client: LangGraphClient, id: string) =>
      Promise.all(
        [
          client.threads.get(id),
          client.threads.getState(id),
          client.threads.update(id, { metadata: {} }),
          client.threads.delete(id),
          client.runs.wait(id, 'agent', ask('hello')),
          client.runs.list(id),
        ].map((call) => call.then(() => 'done').catch((error: { status: number }) => error.status)),
      )
    const nothing = Array(6).fill(404)
    expect(await told(through(), thread)).toEqual(nothing)
    expect(await told(through(), crypto.randomUUID())).toEqual(nothing)
    expect((await through(world.bob).threads.get(thread)).thread_id).toBe(thread)
    expect((await through().threads.search({ ids: [thread] })).length).toBe(0)
  })

  it('the LangGraph SDK creates, lists, joins and deletes runs as without the gateway', async () => {
    await expectSame(async ({ threads, runs }) => {
      const { thread_id: thread } = await threads.create()
      const created: { run_id: string }[] = []
      const payload = ask('count to 3', { onRunCreated: (run: { run_id: string }) => created.push(run) })
      const { run_id: run } = await runs.create(thread, 'agent', payload)
      expect(created).toEqual([{ run_id: run, thread_id: thread }])
      const joined = await runs.join(thread, run)
      const { status } = await runs.get(thread, run)
      const listed = (await runs.list(thread)).length
      return [joined, status, listed, await runs.delete(thread, run), (await runs.list(thread)).length]
    })
  })

  it('the LangGraph SDK resumes a stream where the stream stopped, as without the gateway (F25)', async () => {
    const [near, far] = await onBoth(async ({ threads, runs }) => {
      const { thread_id: thread } = await threads.create()
      const { run_id: run } = await runs.create(
        thread,
        'agent',
        ask('count to 8', { streamMode: 'messages-tuple', streamResumable: true }),
      )
      const from = async (lastEventId: string) => collect(runs.joinStream(thread, run, { lastEventId }))
      const whole = await from('-1')
      return { whole, rest: await from('4'), unknown: (await from(String(whole.at(-1)?.id))).length }
    })
    expect(plain(far)).toEqual(plain(near))
    expect(far.rest).toEqual(far.whole.filter(({ id }) => Number(id) > 4))
    expect(far.rest.length).toBeGreaterThan(3)
  })

  it('the LangGraph SDK cancels a run as without the gateway', async () => {
    await expectSame(async ({ threads, runs }) => {
      const { thread_id: thread } = await threads.create()
      const { run_id: run } = await runs.create(thread, 'agent', ask('be silent for 30 seconds'))
      await runs.cancel(thread, run, true)
      return (await runs.get(thread, run)).status
    })
  })

  it.each([
    ['while the run streams', 'langgraph', 'count to 300'],
    ['while the run is silent and the gateway sends heartbeats', 'heartbeats', 'be silent for 60 seconds'],
  ])(
    'a run with onDisconnect "cancel" ends if the LangGraph SDK disconnects %s (F10)',
    async (_when, route, question) => {
      const { threads, runs } = through(world.alice, route)
      const { thread_id: thread } = await threads.create()
      const left = new AbortController()
      const payload = ask(question, { streamMode: 'messages-tuple', onDisconnect: 'cancel', signal: left.signal })
      const stream = runs.stream(thread, 'agent', payload)
      const first = await stream.next()
      left.abort()
      await stream.next().catch(() => undefined)
      const status = async () => (await direct().runs.get(thread, first.value?.data.run_id)).status
      await expect.poll(status).toBe('interrupted')
    },
  )

  it('the LangGraph SDK reports 401 and 404 as errors with the status', async () => {
    const status = (client: LangGraphClient) =>
      client.threads.create().catch((error: { status: number }) => error.status)
    expect(await status(through({}))).toBe(401)
    expect(await status(through(bearer(await forge(world.provider, { claims: { exp: 1 } }))))).toBe(401)
    expect(
      await through()
        .threads.get(crypto.randomUUID())
        .catch((error: { status: number }) => error.status),
    ).toBe(404)
  })

  it('the LangGraph SDK reports an operation that the policy forbids as an error with status 403', async () => {
    const client = through(world.alice, 'chat-only')
    const { thread_id: thread } = await client.threads.create()
    const refused = await client.runs.wait(thread, 'agent', ask('hello')).catch((error: { status: number }) => error)
    expect(refused).toMatchObject({ status: 403 })
    expect((await client.threads.get(thread)).thread_id).toBe(thread)
  })
})

describe.concurrent('users that a graph sees', () => {
  const seenBy = async (client: LangGraphClient, thread: string | null, more: object = {}) =>
    (await client.runs.wait(thread, 'agent', ask('hello', more))).seen
  const { alice, bob } = graphIdentity
  const stranger = {
    ...Object.fromEntries(Object.keys(alice).map((name) => [name, ''])),
    'x-user-id': 'carol',
    'x-user-issuer': alice['x-user-issuer'],
  }
  const carol = async () => through(bearer(await forge(world.provider, { claims: { sub: 'carol' } })), 'shared')

  it('a graph sees the caller of its run as the user, also if two people run it at once', async () => {
    const [first, second] = [through(world.alice), through(world.bob)]
    expect(await Promise.all([seenBy(first, null), seenBy(second, null), seenBy(first, null)])).toEqual([
      alice,
      bob,
      alice,
    ])
  })

  it('a graph does not see the user of an earlier run, even if the caller has fewer claims', async () => {
    const { thread_id: thread } = await through(world.alice, 'shared').threads.create()
    expect(await seenBy(through(world.alice, 'shared'), thread)).toEqual(alice)
    expect(await seenBy(through(world.bob, 'shared'), thread)).toEqual(bob)
    expect(await seenBy(await carol(), thread)).toEqual(stranger)
    const { config } = await direct().threads.get(thread)
    expect(config.configurable).toMatchObject(stranger)
  })

  it('a graph sees the caller of a run.start command as the user, not a forged x-user-id', async () => {
    const { thread_id: thread } = await through(world.alice, 'shared').threads.create()
    expect(await seenBy(through(world.alice, 'shared'), thread)).toEqual(alice)
    const run = { assistant_id: 'agent', ...ask('hello'), config: { configurable: { 'x-user-id': 'mallory' } } }
    const reply = await world.gateway.fetch(`/agents/shared/threads/${thread}/commands`, {
      method: 'POST',
      headers: { ...world.bob, 'content-type': 'application/json' },
      body: JSON.stringify({ id: 1, method: 'run.start', params: run }),
    })
    expect(await reply.json()).toMatchObject({ type: 'success' })
    const seen = async () => ((await direct().threads.getState(thread)).values as { seen: Record<string, string> }).seen
    await expect.poll(seen).toEqual(bob)
  })

  it('a body member that the LangGraph server ignores does not change the user that a graph sees', async () => {
    const client = through(world.alice, 'shared-with-user')
    const { thread_id: thread } = await client.threads.create()
    await client.runs.wait(thread, 'agent', ask('hello'))
    const reply = await world.gateway.fetch(`/agents/shared-with-user/threads/${thread}/runs/wait`, {
      method: 'POST',
      headers: { ...world.bob, 'content-type': 'application/json' },
      body: JSON.stringify({ assistant_id: 'agent', ...ask('hello'), params: {} }),
    })
    expect(reply.status).toBe(200)
    const { values } = await direct().threads.getState(thread)
    expect(values).toMatchObject({ seen: { langgraph_auth_user: { identity: 'bob' }, langgraph_auth_user_id: 'bob' } })
  })

  it('an identity that a caller forges in metadata is not stored with the thread', async () => {
    const { thread_id: thread } = await through(world.bob).threads.create({
      metadata: { 'x-user-roles': 'admin', topic: 'x' },
    })
    await through(world.bob).runs.wait(thread, 'agent', {
      ...ask('hello'),
      metadata: { 'x-user-id': 'mallory', X_User_Id: 'mallory' },
    })
    const everything = JSON.stringify([await direct().threads.get(thread), await direct().threads.getState(thread)])
    expect(everything).not.toContain('mallory')
    expect(everything).toContain('"topic":"x"')
  })

  it('a graph does not see an identity that the caller forges in headers or in the body', async () => {
    const forged = {
      'x-user-id': 'root',
      'x-user-evil': 'root',
      X_User_Id: 'root',
      'x-auth-scheme': 'langsmith',
      'x-api-key': 'root',
    }
    const user = { identity: 'root', permissions: ['*'] }
    const configurable = {
      ...forged,
      langgraph_auth_user: user,
      langgraph_auth_user_id: 'root',
      langgraph_auth_permissions: ['*'],
      langgraph_auth_anything: 'root',
      user_id: 'root',
      __private: 'root',
      kept: 'yes',
    }
    const client = through({ ...forged, ...world.alice })
    const { thread_id: thread } = await client.threads.create()
    for (const more of [{ config: { configurable } }, { context: configurable }]) {
      expect(await seenBy(client, thread, more)).toEqual(alice)
      const stored = JSON.stringify([
        await direct().threads.get(thread),
        await direct().runs.list(thread),
        await direct().threads.getState(thread),
      ])
      expect(stored).not.toContain('root')
      expect(stored).toContain('"kept":"yes"')
    }
  })

  it('threads, runs and history of the LangGraph server do not contain the raw token', async () => {
    const { thread_id: thread } = await through().threads.create()
    await seenBy(through(), thread)
    const stored = [
      await direct().threads.get(thread),
      await direct().runs.list(thread),
      await direct().threads.getHistory(thread),
    ]
    expect(JSON.stringify(stored)).not.toMatch(/eyJ[\w-]*\.|[Bb]earer/)
  })

  it('a graph sees its user at langgraph_auth_user; a reply has the user only if the graph writes the user into it', async () => {
    const client = through(world.bob, 'shared-with-user')
    const { thread_id: thread } = await client.threads.create()
    const modes = ['values', 'updates', 'debug', 'events', 'messages-tuple']
    const parts = await collect(client.runs.stream(thread, 'agent', ask('hello', { streamMode: modes })))
    const got = [
      parts,
      await client.threads.get(thread),
      await client.threads.getState(thread),
      await client.threads.getHistory(thread),
    ]
    const ofServer = JSON.stringify(got, (key, value) => (key === 'seen' ? undefined : value))
    expect(ofServer).not.toMatch(/langgraph_auth|x-user-|@example\.com/)
    expect((await direct().threads.getState(thread)).values.seen).toMatchObject({
      langgraph_auth_user: { identity: 'bob', display_name: 'Bob Member', roles: ['member'], is_authenticated: true },
      langgraph_auth_user_id: 'bob',
    })
    expect(await seenBy(through(world.alice, 'shared-with-user'), thread)).toMatchObject(alice)
    expect((await direct().threads.getState(thread)).values.seen).toMatchObject({ langgraph_auth_user_id: 'alice' })
  })
})

describe('chats under a policy of threads.* and run.stream', () => {
  it.each(['enqueue', 'interrupt'])(
    'a policy of threads.* and run.stream permits a second message during the first answer (%s)',
    async (strategy) => {
      const client = through(world.alice, 'chat-only')
      const { thread_id: thread } = await client.threads.create()
      const options = { streamMode: ['values', 'messages-tuple'], onDisconnect: 'cancel', streamResumable: true }
      const first = client.runs.stream(thread, 'agent', ask('count to 20', options))
      await first.next()
      const second = { ...options, multitaskStrategy: strategy }
      const [, parts] = await Promise.all([
        collect(first).catch(() => []),
        collect(client.runs.stream(thread, 'agent', ask('hello', second))),
      ])
      const last = parts
        .filter(({ event }) => event === 'values')
        .at(-1)
        ?.data.messages.at(-1)
      expect(String(last.content)).toContain('hello')
      expect((await client.threads.getState(thread)).values.messages.length).toBeGreaterThan(1)
    },
  )

  it('a run request with both multitask_strategy and multitaskStrategy gets status 200', async () => {
    const client = through(world.alice, 'chat-only')
    const { thread_id: thread } = await client.threads.create()
    const both = { multitask_strategy: 'enqueue', multitaskStrategy: 'enqueue', on_disconnect: 'cancel' }
    const reply = await world.as(
      'alice',
      `/agents/chat-only/threads/${thread}/runs/stream`,
      json({ assistant_id: 'agent', ...ask('hello'), ...both }),
    )
    expect([reply.status, (await reply.text()).includes('hello')]).toEqual([200, true])
  })
})

describe('LangGraph SDK after a broken stream (F8, F25)', () => {
  const runWithCut = async (route: string) => {
    const client = through(world.alice, route)
    const { thread_id: thread } = await client.threads.create()
    tapped.length = 0
    cutAfter = '"3 "'
    const payload = ask('count to 8', { streamMode: 'messages-tuple', streamResumable: true })
    const parts: Awaited<ReturnType<typeof collect>> = []
    let failure: unknown
    try {
      for await (const part of client.runs.stream(thread, 'agent', payload)) parts.push(part as (typeof parts)[number])
    } catch (thrown) {
      failure = thrown
    }
    expect(cutAfter).toBeUndefined()
    const said = parts.filter(({ event }) => event === 'messages').map(({ data }) => data[0].content)
    return { thread, run: parts[0]?.data.run_id, parts, said, failure }
  }

  it.each(['tapped', 'tapped-with-user'])(
    'the LangGraph SDK resumes a broken stream at the address that the server gave, without a gap: %s',
    async (route) => {
      const { parts, said, thread, run, failure } = await runWithCut(route)
      expect(failure).toBeUndefined()
      expect(parts.map(({ event }) => event)).not.toContain('error')
      expect(said.slice(-8).join('')).toBe('1 2 3 4 5 6 7 8')
      expect(tapped).toContainEqual(
        expect.stringMatching(new RegExp(`^GET /threads/${thread}/runs/${run}/stream \\d+$`)),
      )
    },
  )

  it.each(['nameless', 'nameless-with-user'])(
    'the LangGraph SDK throws for a broken stream if the server gave no address to resume: %s',
    async (route) => {
      const { failure, said } = await runWithCut(route)
      expect(failure).toMatchObject({ name: 'TypeError', message: 'terminated' })
      expect(said.slice(-3).join('')).toBe('1 2 3 ')
    },
  )
})
