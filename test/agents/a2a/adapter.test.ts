import type { IncomingHttpHeaders } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AgentPackage, loadAgentPackages } from '../../support/agent-packages'
import { routeOf } from '../../support/fixtures'
import { type NodeServer, startNodeServer } from '../../support/node-server'
import { refused } from '../../support/refusal'
import { json, openWorld, type World } from '../../support/world'

let sdk: { server: AgentPackage; express: AgentPackage; client: AgentPackage; types: AgentPackage; web: AgentPackage }
let agent: NodeServer
let world: World
/** The request that reached the agent. */
const received: { url: string; headers: IncomingHttpHeaders }[] = []

const bodies: string[] = []

/** The card as an agent writes it that knows only its own address, and has signed it. */
const cardAt = (url: string) => ({
  name: 'Echo',
  description: 'says it again',
  version: '1.0.0',
  provider: { organization: 'Example', url: 'https://example.com' },
  supportedInterfaces: [
    { url: `${url}/`, protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: '' },
    { url, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0', tenant: '' },
    { url: 'grpc.internal:50051', protocolBinding: 'GRPC', protocolVersion: '1.0', tenant: '' },
  ],
  capabilities: { streaming: true, pushNotifications: true, extensions: [] },
  defaultInputModes: ['text'],
  defaultOutputModes: ['text'],
  securitySchemes: {},
  securityRequirements: [],
  skills: [],
  signatures: [{ protected: 'e30', signature: 'c2ln', header: undefined }],
})

/** An agent as the SDK's guide writes it, with all it knows of its caller in its answer. */
async function startAgent(): Promise<NodeServer> {
  const app = sdk.web()
  app.use((request: AgentPackage, _response: unknown, next: () => void) => {
    received.push({ url: request.url, headers: request.headers })
    let text = ''
    request.on('data', (chunk: Buffer) => {
      text += chunk
    })
    request.on('end', () => bodies.push(text))
    next()
  })
  const server = await startNodeServer(app)
  const { UserBuilder, agentCardHandler, jsonRpcHandler, restHandler } = sdk.express
  const executor = {
    async execute({ userMessage, taskId, contextId }: AgentPackage, bus: AgentPackage) {
      const text = userMessage.parts[0].content.value
      const said = `${text}; metadata ${JSON.stringify(userMessage.metadata)}`
      bus.publish(
        sdk.server.AgentEvent.task({
          id: taskId,
          contextId,
          status: { state: sdk.types.TaskState.TASK_STATE_WORKING, timestamp: undefined, message: undefined },
          artifacts: [],
          history: [userMessage],
          metadata: {},
        }),
      )
      const part = { content: { $case: 'text', value: said }, filename: '', mediaType: '', metadata: {} }
      bus.publish(
        sdk.server.AgentEvent.artifactUpdate({
          taskId,
          contextId,
          artifact: { artifactId: 'a1', name: '', description: '', parts: [part], metadata: {}, extensions: [] },
          append: false,
          lastChunk: true,
          metadata: {},
        }),
      )
      const status = { state: sdk.types.TaskState.TASK_STATE_COMPLETED, timestamp: undefined, message: undefined }
      bus.publish(sdk.server.AgentEvent.statusUpdate({ taskId, contextId, status, metadata: {} }))
      bus.finished()
    },
    cancelTask: async () => undefined,
  }
  const handler = new sdk.server.DefaultRequestHandler(cardAt(server.url), new sdk.server.InMemoryTaskStore(), executor)
  const options = { requestHandler: handler, userBuilder: UserBuilder.noAuthentication }
  app.use('/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: handler }))
  app.post('/', jsonRpcHandler(options))
  app.use(restHandler(options))
  return server
}

beforeAll(async () => {
  const [server, express, client, types, web] = await loadAgentPackages(
    '@a2a-js/sdk/server',
    '@a2a-js/sdk/server/express',
    '@a2a-js/sdk/client',
    '@a2a-js/sdk',
    'express',
  )
  sdk = { server, express, client, types, web }
  agent = await startAgent()
  world = await openWorld(({ trust }) => [
    routeOf({ kind: 'a2a', origin: { url: agent.url } }, trust),
    routeOf({ kind: 'a2a', origin: { url: agent.url }, publicCard: true }, trust, {
      id: 'found',
      path: '/agents/found',
    }),
    routeOf({ kind: 'a2a', origin: { url: agent.url } }, trust, {
      id: 'admins',
      path: '/agents/admins',
      assertion: { audience: 'a2a' },
      policies: [
        {
          id: 'admins',
          allow: [{ name: 'admins send', operations: ['message.*', 'card.read'], when: { role: 'admin' } }],
          examples: [
            { as: { roles: ['admin'] }, does: 'message.send', expect: 'allow' },
            { as: {}, does: 'message.send', expect: 'deny' },
          ],
        },
      ],
    }),
  ])
}, 300_000)
afterAll(async () => {
  await world?.close()
  await agent?.close()
})

/**
 * The SDK's client, which finds the agent by its card, with a person's headers on every request.
 */
async function connect(
  headers: Record<string, string>,
  base = `${world.gateway.url}/agents/a2a`,
  transport = 'JSONRPC',
) {
  const fetchAs = (url: string, init: RequestInit = {}) =>
    fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), ...headers } })
  const {
    ClientFactory,
    ClientFactoryOptions,
    JsonRpcTransportFactory,
    RestTransportFactory,
    DefaultAgentCardResolver,
  } = sdk.client
  const factory = new ClientFactory(
    ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
      transports: [
        new JsonRpcTransportFactory({ fetchImpl: fetchAs }),
        new RestTransportFactory({ fetchImpl: fetchAs }),
      ],
      preferredTransports: [transport],
      cardResolver: new DefaultAgentCardResolver({ fetchImpl: fetchAs }),
    }),
  )
  return factory.createFromUrl(`${base}/`)
}

const saying = (text: string, metadata: object = {}) => ({
  tenant: '',
  metadata: {},
  configuration: undefined,
  message: {
    messageId: crypto.randomUUID(),
    role: sdk.types.Role.ROLE_USER,
    parts: [{ content: { $case: 'text', value: text }, filename: '', mediaType: '', metadata: {} }],
    contextId: '',
    taskId: '',
    extensions: [],
    referenceTaskIds: [],
    metadata,
  },
})

/** The same on the wire. */
const sent = (text: string) => ({ message: { messageId: 'm1', role: 'ROLE_USER', parts: [{ text }] } })

const post = (body: unknown, person = world.alice, path = '/agents/a2a') =>
  world.gateway.fetch(path, json(body, { ...person, 'a2a-version': '1.0' }))
const call = (method: string, params: object = {}) => ({ jsonrpc: '2.0', id: 1, method, params })

describe('A2A agents behind the gateway', () => {
  it.each(['JSONRPC', 'HTTP+JSON'])(
    'the SDK client finds the agent by its card and gets an answer over %s',
    async (transport) => {
      const client = await connect(world.alice, undefined, transport)
      received.length = 0
      const task = await client.sendMessage(saying('hello'))
      expect(JSON.stringify(task)).toContain('hello; metadata {}')
      expect(received.map(({ url }) => url)).toEqual([transport === 'JSONRPC' ? '/' : '/message:send'])
      for (const { headers } of received) {
        expect(headers['x-sallyport-assertion']).toMatch(/^ey/)
        expect(headers.authorization).toBeUndefined()
      }
    },
  )

  it.each(['JSONRPC', 'HTTP+JSON'])(
    'a stream over %s has the same events through the gateway as directly from the agent',
    async (transport) => {
      const events = async (base?: string) => {
        const client = await connect(world.alice, base, transport)
        const kinds: string[] = []
        for await (const event of client.sendMessageStream(saying('hello')))
          kinds.push(event.payload?.$case ?? event.kind)
        return kinds
      }
      const through = await events()
      expect(through.length).toBeGreaterThan(2)
      expect(through).toEqual(await events(agent.url))
    },
  )

  it('identity that a caller writes into metadata does not reach the agent', async () => {
    const forged = { ag2_context_update: { auth_user: { user_id: 'root' }, theme: 'dark' }, 'Auth-User': 'root' }
    const task = await (await connect(world.bob)).sendMessage(saying('hello', forged))
    const said = JSON.stringify(task.artifacts ?? task)
    expect(said).toContain('theme')
    expect(said).not.toMatch(/root/)
  })

  it.each([
    ['nested metadata of the message', { message: { metadata: { a: { b: [{ auth_user: 'root' }] } } } }],
    ['the metadata of a part', { message: { parts: [{ text: 'x', metadata: { user_id: 'root' } }] } }],
    ['the metadata of the request', { message: {}, metadata: { 'User-Id': 'root' } }],
    [
      'the metadata of the request member of A2A 0.3',
      { request: { metadata: { auth_user: { user_id: 'root' } }, content: [{ metadata: { user_id: 'root' } }] } },
    ],
  ])('forged identity in %s does not reach the agent (X7)', async (_where, body) => {
    bodies.length = 0
    await post(body, world.bob, '/agents/a2a/v1/message:send')
    expect(bodies.length).toBe(1)
    expect(bodies[0]).not.toContain('root')
  })

  it('the agent gets a REST body of type application/a2a+json as application/json', async () => {
    const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hello' }] }
    const typed = { 'content-type': 'application/a2a+json', 'a2a-version': '1.0' }
    const init = { method: 'POST', headers: typed, body: JSON.stringify({ message }) }
    const reply = await world.as('alice', '/agents/a2a/message:send', init)
    expect(reply.status).toBe(200)
    await reply.arrayBuffer()
    // The SDK's own server takes the common type alone.
    expect(received.at(-1)).toMatchObject({ url: '/message:send', headers: { 'content-type': 'application/json' } })
    expect(JSON.parse(bodies.at(-1) ?? '')).toMatchObject({ message })
  })

  it('the gateway reads a REST body as REST even if it looks like JSON-RPC (X7)', async () => {
    const message = { ...sent('hello').message, metadata: { auth_user: 'root', theme: 'dark' } }
    const body = { params: {}, jsonrpc: '2.0', method: 'GetTask', message }
    const response = await post(body, world.bob, '/agents/a2a/message:send')
    const text = await response.text()
    expect(text).not.toContain('root')
    const hidden = { params: {}, ...sent('x'), configuration: { taskPushNotificationConfig: { url: 'http://x' } } }
    const refusal = await post(hidden, world.bob, '/agents/a2a/message:send')
    expect(await refused(refusal)).toEqual({ status: 404, code: 'operation-unknown' })
  })

  it('a client without a token gets 401, and a caller without the role gets 403', async () => {
    expect(String(await connect({}).catch((thrown: Error) => thrown))).toMatch(/401/)
    const admins = '/agents/admins'
    expect((await post(call('SendMessage', sent('x')), world.bob, admins)).status).toBe(403)
    expect((await post(call('SendMessage', sent('x')), world.alice, admins)).status).toBe(200)
  })
})

describe('the card of an A2A agent', () => {
  it('only the agent card is public on a route with publicCard', async () => {
    const card = '/.well-known/agent-card.json'
    const shown = await world.as(undefined, `/agents/found${card}`)
    expect(shown.status).toBe(200)
    expect(await shown.text()).toContain(`${world.gateway.url}/agents/found`)
    expect(received.at(-1)?.headers).not.toHaveProperty('x-sallyport-assertion')
    expect((await world.as('alice', `/agents/found${card}`)).status).toBe(200)
    expect(received.at(-1)?.headers).toHaveProperty('x-sallyport-assertion')
    // A bad token is one here, too.
    const forged = { headers: { authorization: 'Bearer a.b.c' } }
    expect(await refused(await world.gateway.fetch(`/agents/found${card}`, forged))).toMatchObject({ status: 401 })
    const count = received.length
    for (const [path, init] of [
      [`/agents/a2a${card}`, {}],
      ['/agents/found/extendedAgentCard', {}],
      ['/agents/found', json({ jsonrpc: '2.0', id: 1, method: 'GetExtendedAgentCard', params: {} })],
      ['/agents/found/tasks/t1', {}],
    ] as const)
      expect((await world.as(undefined, path, init)).status, path).toBe(401)
    expect(received).toHaveLength(count)
  })

  it('the agent card names the gateway’s address and sign-in and has no signature', async () => {
    const response = await world.gateway.fetch('/agents/a2a/.well-known/agent-card.json', { headers: world.alice })
    const card = (await response.json()) as Record<string, unknown>
    const url = `${world.gateway.url}/agents/a2a`
    expect(card).toMatchObject({
      name: 'Echo',
      provider: { url: 'https://example.com' },
      supportedInterfaces: [
        { url, protocolBinding: 'JSONRPC' },
        { url, protocolBinding: 'HTTP+JSON' },
      ],
      securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
      securityRequirements: [{ schemes: { bearer: { list: [] } } }],
    })
    expect(JSON.stringify(card)).not.toMatch(new RegExp(`signatures|grpc|${new URL(agent.url).host}`, 'i'))
  })
})

describe('requests that an A2A route refuses', () => {
  it.each([
    ['list the tasks of all callers', () => post(call('ListTasks')), 200, 'operation-unknown'],
    [
      'list tasks over REST',
      () => world.gateway.fetch('/agents/a2a/tasks', { headers: world.alice }),
      404,
      'operation-unknown',
    ],
    ['create a push configuration', () => post(call('CreateTaskPushNotificationConfig')), 200, 'operation-unknown'],
    [
      'set a push address along with a message',
      () =>
        post(call('SendMessage', { ...sent('x'), configuration: { taskPushNotificationConfig: { url: 'http://x' } } })),
      200,
      'operation-unknown',
    ],
    [
      'set a push address along with a message of A2A 0.3',
      () =>
        post(call('message/send', { ...sent('x'), configuration: { pushNotificationConfig: { url: 'http://x' } } })),
      200,
      'operation-unknown',
    ],
    [
      'set a push address along with a message over REST',
      () =>
        post({ ...sent('x'), configuration: { push_notification_config: {} } }, undefined, '/agents/a2a/message:send'),
      404,
      'operation-unknown',
    ],
    [
      'create a push configuration over REST',
      () => post({}, undefined, '/agents/a2a/tasks/t1/pushNotificationConfigs'),
      404,
      'operation-unknown',
    ],
    ['call a method that is not listed', () => post(call('Shutdown')), 200, 'operation-unknown'],
    [
      'read the extended agent card as a task',
      () => world.gateway.fetch('/agents/a2a/tasks/extendedAgentCard', { headers: world.alice }),
      404,
      'operation-unknown',
    ],
    [
      'hide a verb in the id of a task',
      () => world.gateway.fetch('/agents/a2a/v1/tasks/x%3Asubscribe%3Ay', { headers: world.alice }),
      404,
      'operation-unknown',
    ],
    [
      'name a tenant in the query',
      () => world.gateway.fetch('/agents/a2a/v1/tasks/x?tenant=other', { headers: world.alice }),
      403,
      'field-forbidden',
    ],
    [
      'name a tenant in the parameters',
      () => post(call('GetTask', { id: 'x', tenant: 'other' })),
      403,
      'field-forbidden',
    ],
    [
      'name a tenant in another letter case',
      () => post(call('GetTask', { id: 'x', Tenant: 'other' })),
      403,
      'field-forbidden',
    ],
    [
      'name a tenant in the body of a REST call',
      () => post({ message: {}, tenant: 'other' }, undefined, '/agents/a2a/v1/message:send'),
      403,
      'field-forbidden',
    ],
    ['send Method beside method', () => post({ ...call('GetTask'), Method: 'ListTasks' }), 200, 'body-invalid'],
    [
      'send Message beside message',
      () => post(call('SendMessage', { ...sent('x'), Message: {} })),
      200,
      'body-invalid',
    ],
    ['send a JSON-RPC batch', () => post([call('GetTask'), call('ListTasks')]), 200, 'body-invalid'],
    [
      'use an unknown verb on a task',
      () => post({}, undefined, '/agents/a2a/tasks/t1:erase'),
      405,
      'method-not-allowed',
    ],
  ])('an A2A caller cannot %s (X10)', async (_what, ask, status, code) => {
    received.length = 0
    expect(await refused(await ask())).toEqual({ status, code })
    expect(received).toEqual([])
  })

  it('a task verb after a percent-encoded colon means the same operation as after a plain colon', async () => {
    const response = await world.gateway.fetch('/agents/a2a/v1/tasks/x%3Asubscribe', { headers: world.alice })
    await response.body?.cancel()
    expect((await world.gateway.auditOf(response)).operations).toEqual(['task.subscribe'])
  })

  it('POST tasks/t1:cancel is audited as task.cancel with the id that the agent gets', async () => {
    received.length = 0
    const response = await post({}, undefined, '/agents/a2a/tasks/t1:cancel')
    const [, thread] = /^\/tasks\/([0-9a-f-]{36}):cancel$/.exec(received[0]?.url ?? '') ?? []
    expect(thread).toEqual(expect.any(String))
    expect(await world.gateway.auditOf(response)).toMatchObject({ operations: ['task.cancel'], thread })
  })
})
