import { generateKeyPair, importJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LangGraphClient, type LangGraphSdk, loadClients } from '../../support/clients'
import { routeOf } from '../../support/fixtures'
import { signingKeys } from '../../support/keys'
import { freePort } from '../../support/port'
import type { PythonServer } from '../../support/python'
import { openWorld, type World } from '../../support/world'
import { ask, collect, runPythonClients, startJsServer, startPythonServer, statusOf, storedIn } from './servers'

let sdk: LangGraphSdk
let world: World
const servers: Record<string, PythonServer> = {}

beforeAll(async () => {
  sdk = (await loadClients()).langGraph
  // The servers ask the gateway for its keys, and the gateway is told where the servers are.
  const port = await freePort()
  const env = (route: string) => ({ SALLYPORT_URL: `http://127.0.0.1:${port}`, SALLYPORT_AUDIENCE: route })
  const [python, js] = await Promise.all([
    startPythonServer('langgraph.auth.json', env('python')),
    startJsServer('langgraph.auth.json', env('javascript')),
  ])
  Object.assign(servers, { python, javascript: js })
  world = await openWorld(
    ({ trust }) =>
      Object.entries(servers).flatMap(([id, { url }]) => {
        const agent = { kind: 'langgraph', origin: { url } } as const
        return [
          // The auth handler of the server decides who owns a thread.
          routeOf(agent, trust, { id, path: `/agents/${id}`, threads: 'shared' }),
          // Offers closed operations too: a refusal on this route comes from the server.
          routeOf({ ...agent, operations: ['*'] }, trust, {
            id: `${id}-open`,
            path: `/agents/${id}-open`,
            threads: 'shared',
            assertion: { audience: id },
          }),
        ]
      }),
    { port },
  )
}, 600_000)
afterAll(async () => {
  await world?.close()
  await Promise.all(Object.values(servers).map((server) => server.close()))
})

const clientOf = (apiUrl: string, defaultHeaders: Record<string, string>) =>
  new sdk.Client({ apiUrl, defaultHeaders, apiKey: null })
const through = (route: string, headers: Record<string, string> = world.alice) =>
  clientOf(`${world.gateway.url}/agents/${route}`, headers)
const hello = ask('hello')
const seenBy = async (client: LangGraphClient, thread: string | null, more: object = {}) =>
  (await client.runs.wait(thread, 'agent', { ...hello, ...more })).seen

const alice = {
  identity: 'alice',
  display_name: 'Alice Admin',
  email: 'alice@example.com',
  roles: ['admin'],
  permissions: expect.arrayContaining(['agents:use']),
  idp: expect.stringContaining('http://127.0.0.1:'),
  is_authenticated: true,
}
const bob = {
  ...alice,
  identity: 'bob',
  display_name: 'Bob Member',
  email: 'bob@example.com',
  roles: ['member'],
}

/** An assertion like one of the gateway, except for these claims; `undefined` removes a claim. */
async function assertion(route: string, claims: Record<string, unknown> = {}, header: object = {}): Promise<string> {
  const [jwk] = (await signingKeys()).keys
  const key = await importJWK(jwk ?? {}, 'ES256')
  const now = Math.floor(Date.now() / 1000)
  const good = { iss: world.gateway.url, aud: route, sub: 'alice', iat: now, exp: now + 60, scope: '', roles: [] }
  return new SignJWT({ ...good, ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: jwk?.kid ?? '', ...header })
    .sign(key)
}

/** The text of a reply within three seconds; some say nothing, and stay open. */
async function hear(reply: Response): Promise<string> {
  const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader()
  const timer = setTimeout(() => reader?.cancel(), 3000)
  let text = ''
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value
  clearTimeout(timer)
  return text
}

interface PythonClients {
  readonly seen: object[]
  readonly remote_state: object | number
  readonly refused: object
}

describe.each(['python', 'javascript'])('the auth handler for %s servers', (kind) => {
  const search = (headers: Record<string, string>) =>
    fetch(`${servers[kind]?.url}/threads/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    })
  const direct = async (headers: Record<string, string>) => (await search(headers)).status

  it('the graph sees the caller of each run, also if several people run the graph at the same time', async () => {
    const [first, second] = [through(kind), through(kind, world.bob)]
    const seen = await Promise.all([seenBy(first, null), seenBy(second, null), seenBy(first, null)])
    expect(seen).toMatchObject([alice, bob, alice].map((user) => ({ langgraph_auth_user: user })))
    expect(seen).toMatchObject(['alice', 'bob', 'alice'].map((id) => ({ 'x-user-id': id })))
  })

  it('the auth handler ignores identity that the caller writes into headers, config or context', async () => {
    const forged = { 'x-user-id': 'root', 'x-auth-scheme': 'langsmith', 'x-api-key': 'root' }
    const configurable = {
      ...forged,
      langgraph_auth_user: { identity: 'root', permissions: ['*'] },
      langgraph_auth_user_id: 'root',
      langgraph_auth_permissions: ['*'],
      copilotkit_forwarded_headers: { 'x-user-id': 'root' },
      user_id: 'root',
    }
    const client = through(kind, { ...forged, ...world.bob })
    for (const more of [{ config: { configurable } }, { context: configurable }]) {
      const { thread_id: thread } = await client.threads.create({ metadata: { owner: 'root' } })
      expect(await seenBy(client, thread, more)).toMatchObject({ langgraph_auth_user: bob, 'x-user-id': 'bob' })
      expect(await storedIn(client, thread)).not.toContain('root')
    }
  })

  it('only the creator of a thread can read, run, change, copy, list or delete it', async () => {
    const [owner, other] = [through(kind), through(kind, world.bob)]
    const mark = crypto.randomUUID()
    const { thread_id: thread } = await owner.threads.create({ metadata: { mark } })
    const created: { run_id: string }[] = []
    const payload = { ...hello, onRunCreated: (run: { run_id: string }) => created.push(run) }
    await collect(owner.runs.stream(thread, 'agent', payload))
    const run = created[0]?.run_id ?? ''
    const attempts = {
      get: other.threads.get(thread),
      state: other.threads.getState(thread),
      history: other.threads.getHistory(thread),
      update: other.threads.update(thread, { metadata: { owner: 'bob' } }),
      wait: other.runs.wait(thread, 'agent', hello),
      stream: collect(other.runs.stream(thread, 'agent', hello)),
      run: other.runs.get(thread, run),
      join: other.runs.join(thread, run),
      cancel: other.runs.cancel(thread, run),
      updateState: other.threads.updateState(thread, { values: { messages: [] }, asNode: 'answer' }),
      deleteRun: other.runs.delete(thread, run),
      delete: other.threads.delete(thread),
    }
    const statuses = await Promise.all(
      Object.entries(attempts).map(async ([name, attempt]) => [name, await statusOf(attempt)] as const),
    )
    expect(Object.fromEntries(statuses)).toEqual(Object.fromEntries(statuses.map(([name]) => [name, 404])))
    const listed = await other.runs.list(thread).catch((error: { status: number }) => error.status)
    expect([[], 404]).toContainEqual(listed)
    expect(await statusOf(other.threads.copy(thread))).toBe(409)
    expect(await statusOf(other.threads.create({ threadId: thread, ifExists: 'do_nothing' }))).toBe(409)
    expect(await other.threads.search({ metadata: { mark } })).toEqual([])
    expect(await other.threads.count({ metadata: { mark } })).toBe(0)
    expect((await owner.threads.search({ metadata: { mark } })).length).toBe(1)
    expect((await owner.threads.get(thread)).metadata.owner).toBe('alice')
    expect((await owner.runs.list(thread)).length).toBe(1)
  })

  it('a person cannot listen to a run of another person, during the run or afterwards', async () => {
    const owner = through(kind)
    const { thread_id: thread } = await owner.threads.create()
    const payload = ask('count to 20', { streamMode: 'messages-tuple', streamResumable: true })
    const { run_id: run } = await owner.runs.create(thread, 'agent', payload)
    const listen = async (headers: Record<string, string>) =>
      JSON.stringify(
        await collect(through(kind, headers).runs.joinStream(thread, run, { lastEventId: '-1' })).catch(() => []),
      )
    const spy = fetch(`${world.gateway.url}/agents/${kind}/threads/${thread}/stream`, {
      headers: { ...world.bob, 'last-event-id': '-1' },
    })
    const [own, foreign, spied] = await Promise.all([listen(world.alice), listen(world.bob), spy.then(hear)])
    expect(own).toContain('"content":"19 "')
    expect(foreign).not.toContain('content')
    expect(spied).not.toContain('content')
    expect(await listen(world.alice)).toContain('"content":"19 "')
    expect(await listen(world.bob)).not.toContain('content')
  })

  it('the creator of a thread stays its owner, even if the metadata of a request names another person', async () => {
    const owner = through(kind)
    const { thread_id: thread } = await owner.threads.create({ metadata: { owner: 'bob' } })
    expect((await owner.threads.get(thread)).metadata.owner).toBe('alice')
    await owner.threads.update(thread, { metadata: { owner: 'bob', colour: 'red' } })
    expect((await owner.threads.get(thread)).metadata).toMatchObject({ owner: 'alice', colour: 'red' })
    const made = crypto.randomUUID()
    await owner.runs.wait(made, 'agent', { ...hello, ifNotExists: 'create', metadata: { owner: 'bob' } })
    expect((await owner.threads.get(made)).metadata.owner).toBe('alice')
    expect(await statusOf(through(kind, world.bob).threads.get(made))).toBe(404)
  })

  it('a caller can read assistants, but gets 403 for a change of assistants or use of the store', async () => {
    const client = through(`${kind}-open`)
    const [assistant] = await client.assistants.search({ graphId: 'agent' })
    expect(assistant.graph_id).toBe('agent')
    const call = async (method: string, path: string, body: object) => {
      const headers = { ...world.alice, 'content-type': 'application/json' }
      const init = { method, headers, body: JSON.stringify(body) }
      return (await world.gateway.fetch(`/agents/${kind}-open${path}`, init)).status
    }
    expect([
      await call('POST', '/assistants', { graph_id: 'agent' }),
      await call('PATCH', `/assistants/${assistant.assistant_id}`, { config: { configurable: { a: 1 } } }),
      await call('PUT', '/store/items', { namespace: ['a'], key: 'b', value: { c: 1 } }),
      await call('POST', '/store/items/search', { namespace_prefix: [] }),
    ]).toEqual([403, 403, 403, 403])
  })

  it('a direct request to a LangGraph server gets 401 without a complete assertion for that server (X1)', async () => {
    const bearerOf = (token: string) => ({ authorization: `Bearer ${token}` })
    const now = Math.floor(Date.now() / 1000)
    const stranger = await generateKeyPair('ES256')
    const forged = (await new SignJWT({ sub: 'alice' })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: 'stranger' })
      .setIssuer(world.gateway.url)
      .setAudience(kind)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(stranger.privateKey)) as string
    const [head, body] = (await assertion(kind)).split('.')
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url')
    const attempts: Record<string, Record<string, string>> = {
      nothing: {},
      'an empty bearer': { authorization: 'Bearer ' },
      'another scheme': { authorization: 'Basic YWxpY2U6YWxpY2U=' },
      "the caller's own token": world.alice,
      'plain headers': { 'x-user-id': 'alice' },
      'the scheme of LangGraph Studio': { 'x-auth-scheme': 'langsmith' },
      'an API key': { 'x-api-key': 'root' },
      "a stranger's key": bearerOf(forged),
      'no signature': bearerOf(`${none}.${body}.`),
      'a signature of something else': bearerOf(
        `${head}.${body}.${(await assertion(kind, { sub: 'bob' })).split('.')[2]}`,
      ),
      'another route': bearerOf(await assertion('other')),
      'another gateway': bearerOf(await assertion(kind, { iss: 'https://gate.example.com' })),
      'an assertion that has ended': bearerOf(await assertion(kind, { iat: now - 120, exp: now - 60 })),
      'one without end': bearerOf(await assertion(kind, { exp: undefined })),
      'one without beginning': bearerOf(await assertion(kind, { iat: undefined })),
      'one for nobody': bearerOf(await assertion(kind, { sub: undefined })),
      'one for an empty name': bearerOf(await assertion(kind, { sub: '' })),
    }
    const statuses: Record<string, number> = {}
    for (const [name, headers] of Object.entries(attempts)) statuses[name] = await direct(headers)
    expect(statuses).toEqual(Object.fromEntries(Object.keys(attempts).map((name) => [name, 401])))
    expect(await direct(bearerOf(await assertion(kind)))).toBe(200)
  })

  it('a LangGraph server stores no token and no assertion in a thread, its runs, its states or its history', async () => {
    const client = through(kind)
    const { thread_id: thread } = await client.threads.create()
    await seenBy(client, thread)
    const stored = await storedIn(client, thread)
    expect(stored).toContain('alice')
    expect(stored).not.toMatch(/eyJ[\w-]*\.|[Bb]earer|[Aa]ssertion/)
    for (const segment of world.alice.authorization.split(/[ .]/).slice(1)) expect(stored).not.toContain(segment)
  })

  it('the Python clients of LangGraph work through the gateway, and the graph sees the caller', async () => {
    const url = `${world.gateway.url}/agents/${kind}`
    const got = await runPythonClients<PythonClients>({ url, headers: world.bob })
    const { seen, refused, remote_state } = got
    expect(seen.length).toBe(8)
    for (const one of seen) expect(one).toMatchObject({ langgraph_auth_user: bob, 'x-user-id': 'bob' })
    if (kind === 'python') expect(remote_state).toMatchObject({ langgraph_auth_user: bob })
    else expect(remote_state).toBe(400)
    expect(refused).toMatchObject({ 'without a token': 401, 'a thread that is not there': 404 })
  })
})

describe('commands that start a run in a session', () => {
  const post = (kind: string, thread: string, path: string, headers: { authorization: string }, body: object) =>
    world.gateway.fetch(`/agents/${kind}/threads/${thread}/${path}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const command = (kind: string, thread: string, headers: { authorization: string }) =>
    post(kind, thread, 'commands', headers, {
      id: 1,
      method: 'run.start',
      params: { assistant_id: 'agent', ...hello, config: { configurable: { langgraph_auth_user_id: 'root' } } },
    })
  const events = { channels: ['values', 'messages', 'updates', 'lifecycle'] }

  it('a command runs as its sender on a Python server, and fails on a thread of another person', async () => {
    const owner = through('python', world.bob)
    const { thread_id: thread } = await owner.threads.create()
    // The stranger comes first, and again when the session is there.
    expect(await (await command('python', thread, world.alice)).json()).toMatchObject({ type: 'error' })
    expect(await (await command('python', thread, world.bob)).json()).toMatchObject({ type: 'success' })
    const seen = async () => (await owner.threads.getState(thread)).values?.seen
    await expect.poll(seen).toMatchObject({ langgraph_auth_user: bob, 'x-user-id': 'bob' })
    expect(await (await command('python', thread, world.alice)).json()).toMatchObject({ type: 'error' })
    expect((await owner.runs.list(thread)).length).toBe(1)
  })

  it('a person cannot receive the events of another person’s command on a Python server', async () => {
    const owner = through('python', world.bob)
    const { thread_id: thread } = await owner.threads.create()
    await command('python', thread, world.bob)
    const heard = async (headers: { authorization: string }) =>
      hear(await post('python', thread, 'stream/events', headers, events))
    expect(await heard(world.bob)).toContain('bob')
    expect(await heard(world.alice)).not.toContain('bob')
  })

  it('a JavaScript server refuses commands with 403, because commands run as the person who opened the session', async () => {
    const owner = through('javascript', world.bob)
    const { thread_id: thread } = await owner.threads.create()
    for (const headers of [world.bob, world.alice]) {
      expect((await command('javascript', thread, headers)).status).toBe(403)
      expect((await post('javascript', thread, 'stream/events', headers, events)).status).toBe(403)
    }
    const url = `${servers.javascript?.url}/threads/${thread}`
    const init = {
      method: 'POST',
      headers: { authorization: `Bearer ${await assertion('javascript')}`, 'content-type': 'application/json' },
      body: JSON.stringify({ id: 1, method: 'run.start', params: { assistant_id: 'agent', ...hello } }),
    }
    for (const path of ['commands', '%63ommands', 'commands?x=1', 'stream/events', 'stream/%65vents']) {
      expect([path, (await fetch(`${url}/${path}`, init)).status]).toEqual([path, 403])
    }
    expect(await owner.runs.list(thread)).toEqual([])
  })
})

describe('the auth handler without configuration', () => {
  it.each([
    ['Python', startPythonServer],
    ['JavaScript', startJsServer],
  ])('the auth handler stops a %s server at its start if no trusted gateway is configured', async (_kind, start) => {
    const nowhere = { SALLYPORT_URL: '', SALLYPORT_AUDIENCE: '' }
    await expect(start('langgraph.auth.json', nowhere)).rejects.toThrow(/SALLYPORT_/)
  })
})
