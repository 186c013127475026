import type { IncomingHttpHeaders } from 'node:http'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadAgentPackages } from '../../support/agent-packages'
import { root } from '../../support/build'
import { type AgUiClient, type AgUiEvent, loadClients } from '../../support/clients'
import { startRuntime } from '../../support/copilotkit-runtime'
import { forge, routeOf } from '../../support/fixtures'
import type { NodeServer } from '../../support/node-server'
import { ready } from '../../support/packages'
import { freePort } from '../../support/port'
import { refused } from '../../support/refusal'
import { json, openWorld, type World } from '../../support/world'

let client: AgUiClient
let agent: { url: string; close(): Promise<void> }
const runtimes: Record<string, NodeServer> = {}
let world: World
/** Headers that reached a runtime. */
const received: IncomingHttpHeaders[] = []
const bodies: string[] = []
/** The token of a body, where the routes take it. */
const inBody = (token: unknown, more: object = {}) => input({ forwardedProps: { authorization: token, ...more } })

const input = (more: object = {}) => ({
  threadId: crypto.randomUUID(),
  runId: crypto.randomUUID(),
  state: {},
  messages: [{ id: 'q1', role: 'user', content: 'hello' }],
  tools: [],
  context: [],
  forwardedProps: {},
  ...more,
})

/** A runtime whose one agent is at an address: behind the gateway again, or not. */
async function runtimeBefore(agentUrl: string, mode: 'multi-route' | 'single-route' = 'multi-route') {
  const [{ HttpAgent }] = await loadAgentPackages('@ag-ui/client')
  return startRuntime({
    mode,
    agents: { default: new HttpAgent({ url: agentUrl }) },
    onRequest(request) {
      received.push(request.headers)
      let text = ''
      request.on('data', (chunk) => {
        text += chunk
      })
      request.on('end', () => bodies.push(text))
    },
  })
}

beforeAll(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  await ready('examples/ag-ui-agent')
  client = (await loadClients()).agUi
  const { startAgent } = await import(pathToFileURL(path.join(root, 'examples/ag-ui-agent/agent.ts')).href)
  agent = await startAgent({ log: () => undefined })
  const port = await freePort()
  const gate = `http://127.0.0.1:${port}`
  runtimes.multi = await runtimeBefore(`${gate}/agents/inner`)
  runtimes.plain = await runtimeBefore(agent.url)
  runtimes.single = await runtimeBefore(`${gate}/agents/inner`, 'single-route')
  world = await openWorld(
    ({ trust }) => {
      const before = (id: string, more: object = {}) =>
        routeOf(
          {
            kind: 'copilotkit',
            origin: { url: `${runtimes[id]?.url}/api/copilotkit` },
            style: id === 'single' ? 'single-route' : 'multi-route',
          },
          trust,
          {
            id,
            path: `/agents/${id}`,
            tokenInBody: true,
            ...more,
          },
        )
      const behind = [{ id: 'gate', issuer: gate, audience: ['multi', 'single'], algorithms: ['ES256' as const] }]
      return [
        before('multi'),
        before('single'),
        before('plain'),
        routeOf({ kind: 'ag-ui', origin: { url: agent.url } }, behind, {
          id: 'inner',
          path: '/agents/inner',
          identity: { state: { key: 'auth_user' } },
        }),
      ]
    },
    { port },
  )
}, 300_000)
afterAll(async () => {
  await world?.close()
  for (const runtime of Object.values(runtimes)) await runtime.close()
  await agent?.close()
})

const send = (route: string, where: string, body: unknown, headers: Record<string, string> = world.alice) =>
  world.gateway.fetch(`/agents/${route}${where}`, json(body, headers))
/** A run in either style. */
const run = (route: string, body: unknown, headers?: Record<string, string>) =>
  route === 'multi'
    ? send('multi', '/agent/default/run', body, headers)
    : send('single', '', { method: 'agent/run', params: { agentId: 'default' }, body }, headers)
const eventsOf = async (response: Response) =>
  (await response.text())
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => JSON.parse(event.slice(6)) as AgUiEvent)
const said = (events: readonly AgUiEvent[]) => events.map(({ delta }) => delta ?? '').join('')

describe.each(['multi', 'single'])('a CopilotKit runtime between two gateways, %s-route style', (route) => {
  it('the agent behind a CopilotKit runtime knows the caller of each run', async () => {
    const [alice, bob] = await Promise.all([run(route, input()), run(route, input(), world.bob)])
    expect(said(await eventsOf(alice))).toContain('The gateway says you are alice')
    expect(said(await eventsOf(bob))).toContain('The gateway says you are bob')
  })

  it('the runtime gets an assertion and x-user headers, and never the token (invariant 1)', async () => {
    received.length = 0
    await (
      await run(route, input({ forwardedProps: { user_id: 'root' } }), { ...world.bob, 'x-user-id': 'root' })
    ).text()
    expect(received[0]).toMatchObject({ 'x-user-id': 'bob', authorization: expect.stringMatching(/^Bearer ey/) })
    expect(JSON.stringify(received)).not.toContain(world.bob.authorization.slice(7))
    expect(JSON.stringify(received)).not.toContain('root')
  })

  it('a forged identity in the state of a run is replaced by the identity of the caller', async () => {
    const forged = input({ state: { auth_user: { user_id: 'root' }, 'Auth-User': { user_id: 'root' } } })
    const events = await eventsOf(await run(route, forged, world.bob))
    expect(said(events)).toContain('you are bob')
    expect(JSON.stringify(events)).not.toContain('root')
    const states = events.flatMap(({ snapshot }) => (snapshot === undefined ? [] : [snapshot]))
    expect(states).toMatchObject([{ auth_user: { user_id: 'bob' } }])
  })

  it('a run of a CopilotKit runtime without a token is refused with 401 token-missing', async () => {
    expect(await refused(await run(route, input(), {}))).toEqual({ status: 401, code: 'token-missing' })
  })

  it('a token in forwardedProps.authorization is verified like a token in a header, and is not forwarded', async () => {
    const token = world.bob.authorization.slice(7)
    for (const given of [token, `Bearer ${token}`]) {
      const response = await run(route, inBody(given), {})
      const text = await response.text()
      expect(text).toContain('RUN_FINISHED')
      expect(text).not.toContain(token)
    }
    const same = await run(route, inBody(token), world.bob)
    expect(said(await eventsOf(same))).toContain('you are bob')
    const expired = await forge(world.provider, { claims: { iat: 1, exp: 2 } })
    expect(await refused(await run(route, inBody(expired), {}))).toEqual({ status: 401, code: 'token-expired' })
  })

  it.each([
    ['the token of another person', () => inBody(world.alice.authorization)],
    ['two tokens', () => inBody(world.bob.authorization, { Authorization: world.alice.authorization })],
    ['an object instead of a token', () => inBody({ token: 'x' })],
  ])(
    'a run is refused with credential-ambiguous if its body has %s and its header has a token (S11)',
    async (_what, body) => {
      received.length = 0
      const response = await run(route, body(), world.bob)
      expect(await refused(response)).toEqual({ status: 400, code: 'credential-ambiguous' })
      expect(received).toEqual([])
    },
  )
})

it('a run of a CopilotKit runtime streams the same events as without the gateway, except for ids', async () => {
  const agentOf = (url: string, headers: Record<string, string>) =>
    new client.HttpAgent({ url: `${url}/agent/default/run`, threadId: crypto.randomUUID(), headers })
  const told = async (its: ReturnType<typeof agentOf>) => {
    const events: AgUiEvent[] = []
    its.addMessage({ id: 'q1', role: 'user', content: 'count to 5' })
    await its.runAgent({ runId: 'r1' }, { onEvent: ({ event }) => void events.push(event) })
    return events.map(({ threadId, messageId, timestamp, input: _, ...event }) => event)
  }
  const far = await told(agentOf(`${world.gateway.url}/agents/plain`, world.alice))
  const near = await told(agentOf(`${runtimes.plain?.url}/api/copilotkit`, {}))
  expect(far.length).toBeGreaterThan(7)
  expect(far).toEqual(near)
})

describe('the AG-UI client', () => {
  it('the AG-UI client can run an agent of a CopilotKit runtime, and reports a refusal with status and payload', async () => {
    const url = `${world.gateway.url}/agents/multi/agent/default/run`
    const its = new client.HttpAgent({ url, threadId: crypto.randomUUID(), headers: world.alice })
    its.addMessage({ id: 'q1', role: 'user', content: 'hello' })
    await its.runAgent()
    expect(its.messages.at(-1)?.content).toContain('you are alice')
    const nobody = new client.HttpAgent({ url, headers: {} })
    const failure = await nobody.runAgent().catch((thrown) => thrown)
    expect(failure).toMatchObject({ status: 401, payload: { code: 'token-missing' } })
  })
})

describe('limits for callers of a CopilotKit runtime', () => {
  const resource = (resourcePath: unknown, httpMethod: unknown = 'GET', body?: unknown) => ({
    method: 'resource/request',
    params: { path: resourcePath, httpMethod },
    ...(body !== undefined && { body }),
  })

  it.each([
    ['all threads', () => world.gateway.fetch('/agents/multi/threads', { headers: world.alice }), 404],
    ['the deletion of all threads', () => send('multi', '/threads/clear', {}), 404],
    [
      'the deletion of all threads by DELETE',
      () => world.gateway.fetch('/agents/multi/threads/clear', { method: 'DELETE', headers: world.alice }),
      404,
    ],
    ['the debug stream', () => world.gateway.fetch('/agents/multi/cpk-debug-events', { headers: world.alice }), 404],
    [
      'an endpoint below another path',
      () => world.gateway.fetch('/agents/multi/anything/info', { headers: world.alice }),
      404,
    ],
    ['a run below another path', () => send('multi', '/x/agent/default/run', input()), 404],
    ['all threads in an envelope', () => send('single', '', resource('/threads')), 404],
    ['the deletion of all threads in an envelope', () => send('single', '', resource('/threads/clear', 'post')), 404],
    [
      'the deletion of all threads by a path with dots',
      () => send('single', '', resource('/threads/x/../clear', 'POST')),
      400,
    ],
    [
      'the deletion of all threads by an encoded path',
      () => send('single', '', resource('/threads/%63lear', 'POST')),
      400,
    ],
    [
      'the deletion of all threads by a path with a backslash',
      () => send('single', '', resource('/threads\\clear', 'POST')),
      400,
    ],
    [
      'the deletion of all threads below another path',
      () => send('single', '', resource('/a/threads/clear', 'POST')),
      404,
    ],
    ['a path on another host', () => send('single', '', resource('//evil.example/threads', 'GET')), 400],
    ['a run whose body is a text', () => send('single', '', { method: 'agent/run', params: {}, body: '{}' }), 400],
    ['a method of Object.prototype', () => send('single', '', { method: 'constructor' }), 404],
    ['a method that is a list', () => send('single', '', { method: ['info'] }), 400],
  ])('a CopilotKit request for %s is refused, and nothing reaches the runtime (X10)', async (_what, ask, status) => {
    received.length = 0
    expect((await ask()).status).toBe(status)
    expect(received).toEqual([])
  })

  it('members that make a runtime or agent call an address are removed from a run (X9)', async () => {
    const props = { webhook: 'http://x', mcpServers: [{ endpoint: 'http://x' }], __proxiedMCPRequest: {}, keep: 1 }
    const events = await eventsOf(await run('multi', input({ forwardedProps: props })))
    const started = events.find(({ type }) => type === 'RUN_STARTED')
    expect(JSON.stringify(started)).not.toMatch(/webhook|mcp/i)
  })

  it.each([
    ['/agent/default/run', 'multi', 400],
    ['/agent/default/stop/t1', 'multi', 400],
    ['/transcribe', 'multi', 400],
    ['/agent/default/run', 'single', 404],
    ['/transcribe', 'single', 404],
  ])(
    'an envelope at %s of a %s-route runtime is refused, because some runtimes read an envelope at any path (X10)',
    async (where, route, status) => {
      const envelope = {
        ...input(),
        method: 'resource/request',
        params: { path: '/threads/clear', httpMethod: 'POST' },
      }
      received.length = 0
      expect((await send(route, where, envelope, world.bob)).status).toBe(status)
      expect(received).toEqual([])
    },
  )

  it.each([
    'application/json; x=1',
    'multipart/form-data; boundary=application/json',
    'text/plain',
    'multipart/mixed; boundary=x',
  ])('audio with the content type %s is refused with 415 (X10)', async (type) => {
    received.length = 0
    const body = JSON.stringify({ method: 'agent/run', params: { agentId: 'default' }, body: input() })
    const headers = { ...world.bob, 'content-type': type }
    const response = await world.gateway.fetch('/agents/multi/transcribe', { method: 'POST', headers, body })
    expect(response.status).toBe(415)
    expect(received).toEqual([])
  })

  it('audio reaches the runtime as form data or as JSON', async () => {
    const form = new FormData()
    form.append('audio', new Blob(['sound'], { type: 'audio/mp3' }), 'a.mp3')
    const asForm = await world.gateway.fetch('/agents/multi/transcribe', {
      method: 'POST',
      headers: world.alice,
      body: form,
    })
    const asJson = await send('multi', '/transcribe', { audio: 'aGk=', mimeType: 'audio/mp3' })
    // No service is set up for it; the runtime says so itself.
    for (const response of [asForm, asJson]) expect(await response.text()).toMatch(/transcription/i)
  })

  it.each(['transcribe', 'info', 'run', 'suggest', 'connect'])(
    'a stop of the thread id %s is refused, because the runtime would route by this id (X10)',
    async (id) => {
      received.length = 0
      const forged = input({ state: { auth_user: { user_id: 'root' } } })
      expect((await send('multi', `/agent/agent/stop/${id}`, forged)).status).toBe(404)
      expect(received).toEqual([])
    },
  )

  it('an envelope reaches the runtime only with the members method, params and body (X7)', async () => {
    const forged = { method: 'agent/run', params: { agentId: 'default' }, body: input(), Body: '{}', state: { x: 1 } }
    bodies.length = 0
    await (await send('single', '', forged, world.bob)).text()
    expect(Object.keys(JSON.parse(bodies[0] ?? ''))).toEqual(['method', 'params', 'body'])
  })

  it('the operations info and run.cancel are offered in both styles of a CopilotKit runtime', async () => {
    const info = await world.gateway.fetch('/agents/multi/info', { headers: world.alice })
    expect(Object.keys(((await info.json()) as { agents: object }).agents)).toEqual(['default'])
    const single = await send('single', '', { method: 'info' })
    expect(Object.keys(((await single.json()) as { agents: object }).agents)).toEqual(['default'])
    const stop = await send('multi', '/agent/default/stop/t1', {})
    expect(await stop.json()).toEqual({ stopped: false, message: "No active run for thread 't1'." })
    // The line has the id that the runtime sees.
    const thread = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/)
    expect(await world.gateway.auditOf(stop)).toMatchObject({ operations: ['run.cancel'], thread })
    const params = { agentId: 'default', threadId: 't2' }
    const other = await send('single', '', { method: 'agent/stop', params })
    expect(await other.json()).toEqual({ stopped: false, message: "No active run for thread 't2'." })
    expect(await world.gateway.auditOf(other)).toMatchObject({ operations: ['run.cancel'], thread })
  })

  it('the gateway behind a CopilotKit runtime knows that a client without a person is a service', async () => {
    const token = await forge(world.provider, {
      claims: { sub: 'abc', client_id: 'abc' },
    })
    const events = await run('multi', input(), { authorization: `Bearer ${token}` })
    await events.text()
    // The line of the second gateway may come after the reply of the first.
    const kinds = () => world.gateway.audit.filter(({ route }) => route === 'inner').map(({ who }) => who?.kind)
    await expect.poll(kinds).toContain('service')
  })

  it('the gateway behind a CopilotKit runtime refuses a token, and the gateway in front refuses an assertion (X5)', async () => {
    const inner = `${world.gateway.url}/agents/inner`
    const its = new client.HttpAgent({ url: inner, headers: world.alice })
    expect(await its.runAgent().catch((thrown) => thrown)).toMatchObject({ status: 401 })
    received.length = 0
    await (await run('multi', input())).text()
    const word = received[0]?.authorization ?? ''
    const outer = await world.gateway.fetch('/agents/multi/info', { headers: { authorization: word } })
    expect(await refused(outer)).toEqual({ status: 401, code: 'token-invalid' })
  })
})
