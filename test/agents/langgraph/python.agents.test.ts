import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpoints } from '../../../src/agents/langgraph/endpoints'
import { type OpenApi, unknownMembers } from '../../../src/cli/check/langgraph-members'
import { type LangGraphClient, type LangGraphSdk, loadClients } from '../../support/clients'
import { bearer, forge, policyWithExamples, routeOf } from '../../support/fixtures'
import { graphIdentity } from '../../support/graph-identity'
import type { PythonServer } from '../../support/python'
import { openWorld, type World } from '../../support/world'
import { ask, collect, runPythonClients, startPythonServer, statusOf, storedIn } from './servers'

let sdk: LangGraphSdk
let server: PythonServer
let world: World

/** Only admins run anything. */
const adminsRun = policyWithExamples({
  id: 'admins-run',
  allow: [
    { name: 'admins may do anything', operations: ['*'], when: { role: 'admin' } },
    { name: 'everybody may look', operations: ['threads.create', 'threads.read'] },
  ],
})

/** The operations of a chat, and nothing beside them. */
const chatOnly = policyWithExamples({
  id: 'chat-only',
  allow: [{ name: 'chat', operations: ['threads.*', 'run.stream'] }],
})

beforeAll(async () => {
  sdk = (await loadClients()).langGraph
  server = await startPythonServer()
  world = await openWorld(({ trust }) => {
    const agent = { kind: 'langgraph', origin: { url: server.url } } as const
    // As without the gateway: users are known, and threads have no owner.
    const shared = { threads: 'shared' } as const
    const route = (id: string, more = {}) => routeOf(agent, trust, { id, path: `/agents/${id}`, ...shared, ...more })
    return [
      route('langgraph'),
      route('heartbeats', { limits: { heartbeatSeconds: 1 } }),
      route('admins', { policies: [adminsRun] }),
      route('with-user', { identity: { langgraphAuthUser: true } }),
      route('tenant', { threads: 'tenant' }),
      route('chat-only', { threads: 'own', policies: [chatOnly] }),
    ]
  })
}, 600_000)
afterAll(async () => {
  await world?.close()
  await server?.close()
})

const urlOf = (route: string) => `${world.gateway.url}/agents/${route}`
const clientOf = (apiUrl: string, defaultHeaders: Record<string, string>) =>
  new sdk.Client({ apiUrl, defaultHeaders, apiKey: null })
const through = (headers: Record<string, string> = world.alice, route = 'langgraph') => clientOf(urlOf(route), headers)
const direct = (headers: Record<string, string> = {}) => clientOf(server.url, headers)

const seenBy = async (client: LangGraphClient, thread: string | null, more: object = {}) =>
  (await client.runs.wait(thread, 'agent', ask('hello', more))).seen

// The server itself adds `user_id`, which is its own login's.
const alice = { ...graphIdentity.alice, user_id: '' }
const bob = { ...graphIdentity.bob, user_id: '' }
/** Has nothing to tell but a name. */
const carol = { ...Object.fromEntries(Object.keys(alice).map((name) => [name, ''])), 'x-user-id': 'carol' }

/** A value without ids, times and identity, which are all that may differ. */
function plain(value: unknown): unknown {
  const ids = new Map<string, string>()
  const named = JSON.stringify(value, (key, item) =>
    /^(x-.*|langgraph_auth_.*|seen|created_at|updated_at|state_updated_at|langgraph_request_id|__request_start_time_ms__|ls_.*|timestamp|usage_metadata)$/.test(
      key,
    )
      ? undefined
      : item,
  )
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (id) => {
      if (!ids.has(id)) ids.set(id, `id ${ids.size}`)
      return ids.get(id) ?? ''
    })
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)/g, 'time')
    .replace(/Hello [^.]+\./g, 'Hello.')
  return JSON.parse(named)
}

/**
 * The same steps with a client of the server, who says who it is by itself, and with one of the
 * gateway.
 */
const onBoth = <T>(steps: (client: LangGraphClient) => Promise<T>): Promise<[T, T]> =>
  Promise.all([steps(direct({ 'x-user-id': 'alice' })), steps(through())])

async function expectSame(steps: (client: LangGraphClient) => Promise<unknown>): Promise<void> {
  const [near, far] = await onBoth(steps)
  expect(plain(far)).toEqual(plain(near))
}

describe('the Python server with the JavaScript client', () => {
  it('the JavaScript client finds assistants and handles threads as without the gateway', async () => {
    await expectSame(async ({ assistants, threads }) => {
      const mark = { mark: crypto.randomUUID() }
      const [assistant] = await assistants.search({ graphId: 'agent' })
      const { thread_id: id } = await threads.create({ metadata: mark, graphId: 'agent' })
      return [
        await assistants.get(assistant.assistant_id),
        await assistants.getGraph(assistant.assistant_id),
        await threads.get(id),
        await threads.search({ metadata: mark }),
        await threads.count({ metadata: mark }),
        await threads.update(id, { metadata: { colour: 'red' } }),
        await threads.updateState(id, {
          values: { messages: [{ role: 'user', content: 'noted', id: 'm1' }] },
          asNode: 'answer',
        }),
        (await threads.getState(id)).values,
        (await threads.getHistory(id)).length,
        (await threads.copy(id)).metadata,
        await threads.delete(id),
        await statusOf(threads.get(id)),
      ]
    })
  })

  it.each([
    ['values', undefined],
    ['messages', 'messages-tuple'],
    ['updates', 'updates'],
    ['all of them', ['values', 'messages', 'messages-tuple', 'updates', 'debug', 'custom', 'tasks', 'checkpoints']],
  ])(
    'the JavaScript client receives the same stream of events as without the gateway: %s',
    async (_what, streamMode) => {
      const [near, far] = await onBoth(async ({ threads, runs }) => {
        const { thread_id: thread } = await threads.create()
        const created: unknown[] = []
        const onRunCreated = (run: unknown) => created.push(run)
        const parts = await collect(
          runs.stream(thread, 'agent', ask('count to 5', { ...(streamMode && { streamMode }), onRunCreated })),
        )
        expect(created).toEqual([{ run_id: parts[0]?.data.run_id, thread_id: thread }])
        return parts
      })
      expect(far.map(({ event }) => event)).toEqual(near.map(({ event }) => event))
      expect(plain(far)).toEqual(plain(near))
      expect(JSON.stringify(far)).toMatch(/1 2 3 4 5|"1 ".*"2 ".*"3 ".*"4 ".*"5"/)
    },
  )

  it('the JavaScript client creates, lists, joins, resumes and deletes runs as without the gateway', async () => {
    await expectSame(async ({ threads, runs }) => {
      const { thread_id: thread } = await threads.create()
      const payload = ask('count to 6', { streamMode: 'messages-tuple', streamResumable: true })
      const { run_id: run } = await runs.create(thread, 'agent', payload)
      const whole = await collect(runs.joinStream(thread, run, { lastEventId: '-1' }))
      const half = whole[Math.floor(whole.length / 2)]?.id
      const rest = await collect(runs.joinStream(thread, run, { lastEventId: half }))
      expect(rest.length).toBeGreaterThan(0)
      expect(rest.length).toBeLessThan(whole.length)
      const joined = (await runs.join(thread, run)).messages.map(({ content }: { content: string }) => content)
      const { status } = await runs.get(thread, run)
      const listed = (await runs.list(thread)).length
      return [rest.length, joined, status, listed, await runs.delete(thread, run), (await runs.list(thread)).length]
    })
  })

  it('the client gets 401 without a token or with an expired token, and 404 for a missing thread', async () => {
    expect(await statusOf(through({}).threads.create())).toBe(401)
    expect(await statusOf(through({}).runs.wait(null, 'agent', ask('hello')))).toBe(401)
    const expired = bearer(await forge(world.provider, { claims: { exp: 1 } }))
    expect(await statusOf(through(expired).threads.create())).toBe(401)
    expect(await statusOf(through().threads.get(crypto.randomUUID()))).toBe(404)
  })

  it('with a policy for admins, an admin can start a run and a member gets 403', async () => {
    const [first, second] = [through(world.alice, 'admins'), through(world.bob, 'admins')]
    const { thread_id: thread } = await second.threads.create()
    expect(await statusOf(second.runs.wait(thread, 'agent', ask('hello')))).toBe(403)
    await expect(collect(second.runs.stream(thread, 'agent', ask('hello')))).rejects.toMatchObject({ status: 403 })
    expect((await second.threads.getState(thread)).values).not.toHaveProperty('seen')
    expect(await seenBy(first, thread)).toEqual(alice)
  })
})

describe('runs on the Python server', () => {
  const statusAt = async (thread: string, run: string) => (await direct().runs.get(thread, run)).status

  it('a run stops when the client cancels it through the gateway', async () => {
    const { threads, runs } = through()
    const { thread_id: thread } = await threads.create()
    const { run_id: run } = await runs.create(thread, 'agent', ask('be silent for 60 seconds'))
    await expect.poll(() => statusAt(thread, run)).toBe('running')
    await runs.cancel(thread, run, true)
    await expect.poll(() => statusAt(thread, run)).toBe('interrupted')
  })

  it.each([
    ['while the run sends events', 'langgraph', 'count to 300'],
    ['while the run is silent', 'langgraph', 'be silent for 60 seconds'],
    ['while the run is silent and the gateway sends heartbeats', 'heartbeats', 'be silent for 60 seconds'],
  ])('a run with onDisconnect "cancel" stops if its client disconnects %s', async (_when, route, question) => {
    const { threads, runs } = through(world.alice, route)
    const { thread_id: thread } = await threads.create()
    const left = new AbortController()
    const payload = ask(question, { streamMode: 'messages-tuple', onDisconnect: 'cancel', signal: left.signal })
    const stream = runs.stream(thread, 'agent', payload)
    const run = (await stream.next()).value?.data.run_id
    await expect.poll(() => statusAt(thread, run)).toBe('running')
    left.abort()
    await stream.next().catch(() => undefined)
    await expect.poll(() => statusAt(thread, run)).toBe('interrupted')
  })

  it('a run with onDisconnect "continue" continues if its client disconnects', async () => {
    const { threads, runs } = through()
    const { thread_id: thread } = await threads.create()
    const left = new AbortController()
    const payload = ask('count to 20', { streamMode: 'messages-tuple', onDisconnect: 'continue', signal: left.signal })
    const stream = runs.stream(thread, 'agent', payload)
    const run = (await stream.next()).value?.data.run_id
    left.abort()
    await stream.next().catch(() => undefined)
    await expect.poll(() => statusAt(thread, run)).toBe('success')
  })

  it('a stream survives a silence of 12 seconds, with and without heartbeats of the gateway', async () => {
    const answers = await Promise.all(
      ['langgraph', 'heartbeats'].map(async (route) => {
        const parts = await collect(
          through(world.alice, route).runs.stream(null, 'agent', ask('be silent for 12 seconds')),
        )
        return JSON.stringify(parts.at(-1))
      }),
    )
    for (const answer of answers) expect(answer).toContain('I was silent for 12 seconds.')
  })
})

describe('the user that a Python graph sees', () => {
  it('the graph sees the caller of each run, also if several people run the graph at the same time', async () => {
    const [first, second] = [through(world.alice), through(world.bob)]
    expect(await Promise.all([seenBy(first, null), seenBy(second, null), seenBy(first, null)])).toEqual([
      alice,
      bob,
      alice,
    ])
  })

  it('the graph sees the caller of the current run, not the user of an earlier run of the thread', async () => {
    const { thread_id: thread } = await through().threads.create()
    expect(await seenBy(through(world.alice), thread)).toEqual(alice)
    expect(await seenBy(through(world.bob), thread)).toEqual(bob)
    const nobody = bearer(await forge(world.provider, { claims: { sub: 'carol' } }))
    expect(await seenBy(through(nobody), thread)).toEqual({ ...carol, 'x-user-issuer': alice['x-user-issuer'] })
  })

  it('a Python server without the gateway does not give headers of an earlier run to a later run', async () => {
    for (const ifNotExists of [undefined, 'create']) {
      const { threads } = direct()
      const thread = ifNotExists ? crypto.randomUUID() : (await threads.create()).thread_id
      const named = direct({ 'x-user-id': 'alice', 'x-user-tenant': 'acme' })
      expect(await seenBy(named, thread, { ifNotExists })).toMatchObject({ 'x-user-id': 'alice' })
      expect(await seenBy(direct(), thread)).toEqual({ user_id: '' })
      expect((await threads.get(thread)).config.configurable).not.toHaveProperty('x-user-id')
    }
  })

  it('the graph sees the caller of a command that starts a run', async () => {
    const { thread_id: thread } = await through().threads.create()
    const run = { assistant_id: 'agent', ...ask('hello'), config: { configurable: { 'x-user-id': 'mallory' } } }
    const reply = await world.gateway.fetch(`/agents/langgraph/threads/${thread}/commands`, {
      method: 'POST',
      headers: { ...world.bob, 'content-type': 'application/json' },
      body: JSON.stringify({ id: 1, method: 'run.start', params: run }),
    })
    expect(await reply.json()).toMatchObject({ type: 'success' })
    const seen = async () => (await direct().threads.getState(thread)).values?.seen
    await expect.poll(seen).toEqual(bob)
  })

  it('the graph does not see identity that a caller forges in headers, configurable or context', async () => {
    const forged = {
      'x-user-id': 'root',
      'x-user-evil': 'root',
      X_User_Id: 'root',
      'x-auth-scheme': 'langsmith',
      'x-api-key': 'root',
    }
    /** A server takes these for tracing, whatever its configuration says of headers. */
    const tracing = {
      'langsmith-trace': '20260101T000000000000Zroot',
      baggage: 'langsmith-metadata=%7B%22x-user-id%22%3A%22root%22%7D,langsmith-project=root',
    }
    const configurable = {
      ...forged,
      langgraph_auth_user: { identity: 'root', permissions: ['*'] },
      langgraph_auth_user_id: 'root',
      langgraph_auth_permissions: ['*'],
      copilotkit_forwarded_headers: { 'x-user-id': 'root' },
      user_id: 'root',
      __private: 'root',
      kept: 'yes',
    }
    const client = through({ ...forged, ...tracing, ...world.alice })
    for (const more of [{ config: { configurable } }, { context: configurable }]) {
      const { thread_id: thread } = await client.threads.create()
      expect(await seenBy(client, thread, more)).toEqual(alice)
      const stored = await storedIn(direct(), thread)
      expect(stored).not.toContain('root')
      expect(stored).toContain('"kept":"yes"')
    }
  })

  it('with the setting langgraphAuthUser the Python server still stores langgraph_auth_user as null', async () => {
    const client = through(world.alice, 'with-user')
    for (const more of [{}, { context: { colour: 'red' } }]) {
      const { thread_id: thread } = await client.threads.create()
      expect(await seenBy(client, thread, more)).toEqual(alice)
      const [run] = await direct().runs.list(thread)
      expect(run.kwargs.config.configurable.langgraph_auth_user).toBeNull()
    }
  })

  it('a request to create or change an assistant gets 404, and does not change the user that the graph sees', async () => {
    const { assistants } = through() as unknown as {
      assistants: Record<'create' | 'update' | 'search', (...args: unknown[]) => Promise<{ assistant_id: string }[]>>
    }
    const config = { configurable: { 'x-user-id': 'root', user_id: 'root' } }
    const [assistant] = await assistants.search({ graphId: 'agent' })
    expect(await statusOf(assistants.create({ graphId: 'agent', config }))).toBe(404)
    expect(await statusOf(assistants.update(assistant?.assistant_id, { config }))).toBe(404)
    expect(await seenBy(through(), null)).toEqual(alice)
  })

  it('the Python server stores the user of a run as plain text, and never a token or assertion', async () => {
    const { thread_id: thread } = await through().threads.create()
    await seenBy(through(), thread)
    const stored = await storedIn(direct(), thread)
    expect(stored).toContain('"x-user-id":"alice"')
    const [run] = await direct().runs.list(thread)
    expect(run.kwargs.config.configurable).toMatchObject({ 'x-user-id': 'alice', langgraph_auth_user: null })
    expect((await direct().threads.getState(thread)).metadata).toMatchObject({ 'x-user-id': 'alice' })
    expect((await direct().threads.get(thread)).config).toEqual({ configurable: {} })
    expect(stored).not.toMatch(/eyJ[\w-]*\.|[Bb]earer|[Aa]ssertion/)
    for (const segment of world.alice.authorization.split(/[ .]/).slice(1)) expect(stored).not.toContain(segment)
  })
})

describe('users in tenant threads', () => {
  it('a person does not receive the identity of another person of the tenant, which the server stores with runs', async () => {
    const [hers, his] = [through(world.alice, 'tenant'), through(world.bob, 'tenant')]
    const { thread_id: thread } = await hers.threads.create()
    const modes = ['values', 'updates', 'debug', 'events', 'messages-tuple']
    const told: unknown[] = [await collect(hers.runs.stream(thread, 'agent', ask('hello', { streamMode: modes })))]
    told.push(await his.threads.get(thread), await his.threads.getState(thread), await his.threads.getHistory(thread))
    told.push(await his.runs.list(thread))
    // The graph of the example writes into its own state who it saw.
    const ofServer = JSON.stringify(told, (key, value) => (key === 'seen' ? undefined : value))
    expect(ofServer).toContain(thread)
    expect(ofServer).not.toMatch(/alice@|x-user-/)
    expect(JSON.stringify(await direct().runs.list(thread))).toContain('alice@')
  })
})

describe('request members in the Python server schema', () => {
  it('the gateway classifies each request member in the OpenAPI schema of the Python server', async () => {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi
    const { unknown, seen, unused } = unknownMembers(document, endpoints)
    expect([unknown, unused]).toEqual([[], []])
    expect(seen).toBeGreaterThan(45)
  })

  it('a request member in the schema that no endpoint of the gateway lists is found as unknown', async () => {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi
    const without = endpoints.map(({ members: _, ...row }) => row)
    expect(unknownMembers(document, without).unknown).toEqual(
      expect.arrayContaining([
        'POST /threads/:thread/runs: multitask_strategy',
        'POST /threads/:thread/runs/:run/cancel: action',
        'PATCH /threads/:thread: ttl',
      ]),
    )
  })
})

interface PythonClients {
  readonly events: string[]
  readonly seen: object[]
  readonly remote_state: object
  readonly assistants: number
  readonly nodes: string[]
  readonly refused: Record<string, number>
}

describe('the Python clients of LangGraph', () => {
  it.each([
    ['alice', alice],
    ['bob', bob],
  ] as const)(
    'the Python clients of LangGraph, also RemoteGraph, work through the gateway, and the graph sees the user %s',
    async (name, expected) => {
      const got = await runPythonClients<PythonClients>({ url: urlOf('langgraph'), headers: world[name] })
      expect(got.seen).toEqual(Array.from({ length: 8 }, () => expected))
      expect(got.remote_state).toEqual(expected)
      const { events, assistants, nodes, refused } = got
      expect(events.slice(0, 3)).toEqual(['metadata', 'values', 'messages'])
      expect({ assistants, nodes }).toEqual({ assistants: 1, nodes: ['__end__', '__start__', 'answer'] })
      expect(refused).toEqual({
        'without a token': 401,
        'a run without a token': 401,
        "an assistant of one's own": 404,
        'a thread that is not there': 404,
        'the store': 404,
      })
    },
  )

  it('a policy for threads.* and run.stream permits a client to send a second message during the first answer', async () => {
    const input = { url: urlOf('chat-only'), headers: world.alice }
    const { second } = await runPythonClients<{ second: string }>(input, 'langgraph_two_messages.py')
    expect(second).toContain('hello')
  })

  it('the Python clients receive the same events and answers as without the gateway', async () => {
    const far = await runPythonClients<PythonClients>({ url: urlOf('langgraph'), headers: world.alice })
    const near = await runPythonClients<PythonClients>({ url: server.url, headers: { 'x-user-id': 'alice' } })
    expect([far.events, far.assistants, far.nodes]).toEqual([near.events, near.assistants, near.nodes])
    expect(near.seen).toEqual(Array.from({ length: 8 }, () => ({ 'x-user-id': 'alice', user_id: '' })))
    // The clients do all their work twice here.
  }, 90_000)
})
