import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Agent, Route } from '../../src/config/define'
import { routeOf } from '../support/fixtures'
import { plainRequest } from '../support/raw'
import { refused } from '../support/refusal'
import { json, openWorld, type Surroundings, type World } from '../support/world'

/**
 * The routes that are asked:
 * - `own`: a route with no settings, so that threads belong to their callers;
 * - `shared`: a route with `threads: 'shared'`;
 * - `named`: the same, and `agent.operations` opens every operation.
 */
type Where = 'own' | 'shared' | 'named'
const everywhere: readonly Where[] = ['own', 'shared', 'named']
const notOwn: readonly Where[] = ['shared', 'named']
const onlyNamed: readonly Where[] = ['named']

/** The operation of a request that no route offers. */
const NOTHING = 'not offered'

let world: World
const agents = {
  'ag-ui': { kind: 'ag-ui' },
  mcp: { kind: 'mcp' },
  a2a: { kind: 'a2a' },
  multi: { kind: 'copilotkit' },
  single: { kind: 'copilotkit', style: 'single-route' },
  langgraph: { kind: 'langgraph' },
} as const
/** Kinds with endpoints of their own that this file leaves out. A new kind does not compile. */
type LeftOut = Exclude<Agent['kind'], (typeof agents)[keyof typeof agents]['kind'] | 'ag2' | 'maf' | 'http'>
true satisfies LeftOut extends never ? true : LeftOut

/** The `agent.operations` of a further route, for kinds that take every message at one address. */
const offeredByFew = { mcp: ['session.open', 'tool.call/search'], a2a: ['message.send'], single: ['run.*'] } as const
type Enveloped = keyof typeof offeredByFew

function routes({ origin: { url }, issuer }: Surroundings): Route[] {
  return Object.entries(agents).flatMap(([name, its]) => {
    const agent: Agent = { ...its, origin: { url } }
    const of = (where: Where | 'few', more: Partial<Route>, operations?: readonly string[]) =>
      routeOf({ ...agent, ...(operations && { operations }) } as Agent, [issuer], {
        ...{ id: `${name}-${where}`, path: `/${where}/${name}` },
        ...more,
      })
    const few = Object.hasOwn(offeredByFew, name) ? [of('few', {}, offeredByFew[name as Enveloped])] : []
    return [of('own', {}), of('shared', { threads: 'shared' }), of('named', { threads: 'shared' }, ['*']), ...few]
  })
}

beforeAll(async () => {
  world = await openWorld(routes)
})
afterAll(() => world?.close())

/**
 * Returns the routes that forward a request, and the operations in the audit line. Checks that the
 * other routes refuse it and that it does not reach the agent.
 */
async function offered(agent: keyof typeof agents, among: readonly (Where | 'few')[], path: string, init: RequestInit) {
  const where: (Where | 'few')[] = []
  const operations = new Set<string | undefined>()
  for (const each of among) {
    const before = world.origin.received.length
    const reply = await world.as('alice', `/${each}/${agent}${path}`, init)
    const audit = await world.gateway.auditOf(reply)
    if (audit.outcome === 'refused') {
      expect(['operation-unknown', 'method-not-allowed']).toContain((await refused(reply)).code)
      expect(world.origin.received.length).toBe(before)
      continue
    }
    await reply.text()
    expect([reply.status, world.origin.received.length]).toEqual([200, before + 1])
    expect(world.origin.last().method).toBe(init.method ?? 'GET')
    operations.add(audit.operations?.join(' '))
    where.push(each)
  }
  return { operation: where.length > 0 ? [...operations].join() : NOTHING, where }
}

const requestOf = (method: string, body: unknown = {}): RequestInit =>
  method === 'GET' ? {} : { ...json(body), method }
type Row = readonly [method: string, path: string, operation: string, where: readonly Where[], body?: unknown]

function offers(agent: keyof typeof agents, rows: readonly Row[], among: readonly Where[] = everywhere) {
  const cases = rows.map(([method, path, operation, where, body]) => ({ method, path, operation, where, body }))
  it.each(cases)(
    `$method $path on a ${agents[agent].kind} route is $operation, and only routes that offer this operation forward the request`,
    async ({ method, path, operation, where, body }) => {
      expect(await offered(agent, among, path, requestOf(method, body))).toEqual({ operation, where })
    },
  )
}
/** The same for kinds that take every message at one address. */
function offersMessages(agent: keyof typeof agents, rows: readonly (readonly [object, string, readonly Where[]])[]) {
  it.each(rows)(
    `the message %j to a ${agents[agent].kind} route is %s, and only routes that offer this operation forward the message`,
    async (message, operation, where) => {
      expect(await offered(agent, everywhere, '', json(message))).toEqual({ operation, where })
    },
  )
}

describe('requests to AG-UI routes', () => {
  const run = { threadId: 't', runId: 'r', messages: [] }
  offers('ag-ui', [
    ['POST', '', 'run.stream', everywhere, run],
    ['POST', '/', 'run.stream', everywhere, run],
    ['GET', '', 'capabilities', everywhere],
    ['GET', '/capabilities', 'capabilities', everywhere],
    ['GET', '/health', 'health', everywhere],
    ['GET', '/docs', NOTHING, []],
    ['POST', '/run', NOTHING, [], run],
  ])
})

describe('requests to MCP routes', () => {
  const call = (method: string, params?: object) => ({ jsonrpc: '2.0', id: 1, method, ...(params && { params }) })
  offersMessages('mcp', [
    [call('initialize'), 'session.open', everywhere],
    [call('server/discover'), 'session.open', everywhere],
    [call('ping'), 'session.ping', everywhere],
    [call('logging/setLevel'), 'session.log', everywhere],
    [call('subscriptions/listen'), 'session.listen', everywhere],
    [{ jsonrpc: '2.0', method: 'notifications/initialized' }, 'session.notify', everywhere],
    [{ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }, 'session.notify', everywhere],
    [{ jsonrpc: '2.0', id: 7, result: {} }, 'session.respond', everywhere],
    [{ jsonrpc: '2.0', id: 7, error: { code: -1, message: 'no' } }, 'session.respond', everywhere],
    [call('tools/list'), 'tool.list', everywhere],
    [call('tools/call', { name: 'search' }), 'tool.call/search', everywhere],
    [call('prompts/list'), 'prompt.list', everywhere],
    [call('prompts/get', { name: 'greet/now' }), 'prompt.get/greet/now', everywhere],
    [call('resources/list'), 'resource.list', everywhere],
    [call('resources/templates/list'), 'resource.list', everywhere],
    [call('resources/read', { uri: 'file:///x' }), 'resource.read', everywhere],
    [call('resources/subscribe'), 'resource.subscribe', everywhere],
    [call('resources/unsubscribe'), 'resource.subscribe', everywhere],
    [call('completion/complete'), 'completion', everywhere],
    [call('tasks/get', { taskId: '1' }), 'task.get', notOwn],
    [call('tasks/result', { taskId: '1' }), 'task.get', notOwn],
    [call('tasks/update', { taskId: '1' }), 'task.update', notOwn],
    [call('tasks/cancel', { taskId: '1' }), 'task.cancel', notOwn],
    [call('tasks/list'), 'task.list', onlyNamed],
    [call('roots/list'), NOTHING, []],
    [call('sampling/createMessage'), NOTHING, []],
    [call('toString'), NOTHING, []],
  ])
  offers('mcp', [
    ['GET', '', 'session.listen', everywhere],
    ['DELETE', '', 'session.close', everywhere],
    ['GET', '/sse', NOTHING, []],
  ])

  it('an MCP batch is forwarded only if the route offers the operation of every message', async () => {
    const batch = [call('tools/list'), call('ping'), call('tools/call', { name: 'search' })]
    const operation = 'tool.list session.ping tool.call/search'
    expect(await offered('mcp', everywhere, '', json(batch))).toEqual({ operation, where: everywhere })
    expect((await offered('mcp', everywhere, '', json([...batch, call('roots/list')]))).where).toEqual([])
  })
})

describe('requests to A2A routes', () => {
  const message = { messageId: 'm', parts: [] }
  const call = (method: string, params: object) => ({ jsonrpc: '2.0', id: 1, method, params })
  const [byId, byTask, ofTask] = [{ id: 't' }, { taskId: 't', id: 'c' }, { taskId: 't' }]
  offersMessages('a2a', [
    [call('SendMessage', { message }), 'message.send', everywhere],
    [call('SendStreamingMessage', { message }), 'message.stream', everywhere],
    [call('GetTask', byId), 'task.read', everywhere],
    [call('ListTasks', {}), 'task.list', onlyNamed],
    [call('CancelTask', byId), 'task.cancel', everywhere],
    [call('SubscribeToTask', byId), 'task.subscribe', everywhere],
    [call('CreateTaskPushNotificationConfig', byTask), 'push.create', onlyNamed],
    [call('GetTaskPushNotificationConfig', byTask), 'push.read', onlyNamed],
    [call('ListTaskPushNotificationConfigs', ofTask), 'push.read', onlyNamed],
    [call('DeleteTaskPushNotificationConfig', byTask), 'push.delete', onlyNamed],
    [call('message/send', { message }), 'message.send', everywhere],
    [call('message/stream', { message }), 'message.stream', everywhere],
    [call('tasks/get', byId), 'task.read', everywhere],
    [call('tasks/list', {}), 'task.list', onlyNamed],
    [call('tasks/cancel', byId), 'task.cancel', everywhere],
    [call('tasks/resubscribe', byId), 'task.subscribe', everywhere],
    [call('tasks/pushNotificationConfig/set', ofTask), 'push.create', onlyNamed],
    [call('tasks/pushNotificationConfig/get', byId), 'push.read', onlyNamed],
    [call('tasks/pushNotificationConfig/list', byId), 'push.read', onlyNamed],
    [call('tasks/pushNotificationConfig/delete', byId), 'push.delete', onlyNamed],
    [call('tasks/delete', byId), NOTHING, []],
    [call('toString', {}), NOTHING, []],
  ])
  const rest: readonly Row[] = [
    ['POST', '/message:send', 'message.send', everywhere, { message }],
    ['POST', '/message:stream', 'message.stream', everywhere, { message }],
    ['GET', '/tasks', 'task.list', onlyNamed],
    ['GET', '/tasks/t', 'task.read', everywhere],
    ['POST', '/tasks/t:cancel', 'task.cancel', everywhere],
    ['GET', '/tasks/t:subscribe', 'task.subscribe', everywhere],
    ['POST', '/tasks/t:subscribe', 'task.subscribe', everywhere],
    ['POST', '/tasks/t/pushNotificationConfigs', 'push.create', onlyNamed],
    ['GET', '/tasks/t/pushNotificationConfigs', 'push.read', onlyNamed],
    ['GET', '/tasks/t/pushNotificationConfigs/c', 'push.read', onlyNamed],
    ['DELETE', '/tasks/t/pushNotificationConfigs/c', 'push.delete', onlyNamed],
  ]
  offers('a2a', [
    ...rest,
    ...rest.map(([method, path, ...more]) => [method, `/v1${path}`, ...more] as const),
    ['GET', '/.well-known/agent-card.json', 'card.read', everywhere],
    ['GET', '/.well-known/agent.json', 'card.read', everywhere],
    ['GET', '/extendedAgentCard', 'card.extended', everywhere],
    ['GET', '/v1/card', 'card.extended', everywhere],
    ['GET', '/tasks/extendedAgentCard', NOTHING, []],
    ['GET', '/tenant/tasks/t', NOTHING, []],
  ])

  it.each([
    ['an empty contextId', { contextId: '' }],
    ['an empty taskId', { taskId: '' }],
    ['a contextId that is null', { contextId: null }],
    ['a taskId that is null', { taskId: null }],
    ['an empty list of referenceTaskIds', { contextId: '', taskId: null, referenceTaskIds: [] }],
  ])('an A2A message with %s is forwarded, because it names no task or context', async (_what, ids) => {
    const params = { message: { ...message, ...ids } }
    for (const [path, body] of [
      ['', call('SendMessage', params)],
      ['', call('message/stream', params)],
      ['/message:send', params],
    ] as const)
      for (const where of everywhere) {
        expect((await offered('a2a', [where], path, json(body))).where).toEqual([where])
        const sent = JSON.parse(world.origin.last().body)
        expect((sent.params ?? sent).message).toMatchObject(ids)
      }
  })

  it('the audit line of an A2A request names the task or context of the path or the parameters', async () => {
    const threadOf = async (path: string, init: RequestInit = {}) =>
      (await world.gateway.auditOf(await world.as('alice', `/named/a2a${path}`, init))).thread
    for (const [method, path, , , body] of rest.filter(([, path]) => path.startsWith('/tasks/t')))
      expect([path, await threadOf(path, requestOf(method, body))]).toEqual([path, 't'])
    for (const [method, params] of [
      ['GetTask', byId],
      ['CancelTask', byId],
      ['SubscribeToTask', byId],
      ['CreateTaskPushNotificationConfig', byTask],
      ['GetTaskPushNotificationConfig', byTask],
      ['ListTaskPushNotificationConfigs', ofTask],
      ['DeleteTaskPushNotificationConfig', byTask],
      ['tasks/get', byId],
      ['tasks/cancel', byId],
      ['tasks/resubscribe', byId],
      ['tasks/pushNotificationConfig/set', ofTask],
      ['tasks/pushNotificationConfig/get', byId],
      ['tasks/pushNotificationConfig/list', byId],
      ['tasks/pushNotificationConfig/delete', byId],
      ['SendMessage', { message: { ...message, taskId: 't' } }],
    ] as const)
      expect([method, await threadOf('', json(call(method, params)))]).toEqual([method, 't'])
    expect(await threadOf('', json(call('SendMessage', { message: { ...message, contextId: 'c' } })))).toBe('c')
  })
})

describe('requests to CopilotKit routes', () => {
  const run = { threadId: 't', runId: 'r', messages: [] }
  const resources: readonly Row[] = [
    ['PATCH', '/threads/t', 'threads.update', everywhere],
    ['DELETE', '/threads/t', 'threads.delete', everywhere],
    ['GET', '/threads/t/messages', 'threads.read', everywhere],
    ['GET', '/threads/t/events', 'threads.read', everywhere],
    ['GET', '/threads/t/state', 'threads.read', everywhere],
    ['POST', '/threads/t/archive', 'threads.update', everywhere],
    ['GET', '/threads', 'threads.search', onlyNamed],
    ['POST', '/threads/subscribe', 'threads.subscribe', onlyNamed],
    ['POST', '/threads/clear', 'threads.clear', onlyNamed],
    ['GET', '/memories', 'memories.read', onlyNamed],
    ['POST', '/memories', 'memories.create', onlyNamed],
    ['PATCH', '/memories/m', 'memories.update', onlyNamed],
    ['DELETE', '/memories/m', 'memories.delete', onlyNamed],
    ['POST', '/memories/recall', 'memories.read', onlyNamed],
    ['POST', '/memories/subscribe', 'memories.subscribe', onlyNamed],
    ['POST', '/annotate', 'annotate', onlyNamed],
  ]

  describe('CopilotKit runtimes with an address for each operation', () => {
    offers('multi', [
      ['GET', '/info', 'info', everywhere],
      ['POST', '/agent/a/run', 'run.stream', everywhere, run],
      ['POST', '/agent/a/suggest', 'run.suggest', everywhere, run],
      ['POST', '/agent/a/connect', 'threads.connect', everywhere, run],
      ['POST', '/agent/a/stop/t', 'run.cancel', everywhere],
      ['POST', '/transcribe', 'transcribe', everywhere],
      ...resources,
      ['GET', '/inspector-metadata', 'inspector', onlyNamed],
      ['GET', '/inspector-learning', 'inspector', onlyNamed],
      ['GET', '/cpk-debug-events', 'debug', onlyNamed],
      ['POST', '/agent/a/stop/info', NOTHING, []],
      ['GET', '/threads/t', NOTHING, []],
    ])

    const form = (boundary: string): RequestInit => ({
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: '--x\r\ncontent-disposition: form-data; name="audio"\r\n\r\nRIFF\r\n--x--\r\n',
    })

    it('CopilotKit audio in a form passes unchanged to /transcribe and gets 415 at other addresses', async () => {
      for (const boundary of ['x', '"x"', '----WebKitFormBoundaryAaBb09']) {
        const init = form(boundary)
        expect(await offered('multi', everywhere, '/transcribe', init)).toMatchObject({ where: everywhere })
        expect(world.origin.last()).toMatchObject({
          body: init.body,
          headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
        })
      }
      for (const path of ['/agent/a/run', '/threads/t/archive'])
        expect((await world.as('alice', `/own/multi${path}`, form('x'))).status).toBe(415)
    })

    it('a CopilotKit form gets 415 if its boundary is empty or contains application/json', async () => {
      for (const boundary of ['application/json', '"application/json"', 'x; charset=application/json', ''])
        expect((await world.as('alice', '/own/multi/transcribe', form(boundary))).status).toBe(415)
    })
  })

  describe('CopilotKit runtimes with one address for all operations', () => {
    const resource = (httpMethod: string, path: string) => ({
      method: 'resource/request',
      params: { path, httpMethod },
      ...(httpMethod !== 'GET' && { body: {} }),
    })
    offersMessages('single', [
      [{ method: 'info' }, 'info', everywhere],
      [{ method: 'agent/run', params: { agentId: 'a' }, body: run }, 'run.stream', everywhere],
      [{ method: 'agent/suggest', params: { agentId: 'a' }, body: run }, 'run.suggest', everywhere],
      [{ method: 'agent/connect', params: { agentId: 'a' }, body: run }, 'threads.connect', everywhere],
      [{ method: 'agent/stop', params: { agentId: 'a', threadId: 't' } }, 'run.cancel', everywhere],
      [{ method: 'transcribe', body: { audio: '' } }, 'transcribe', everywhere],
      [{ method: 'inspector/metadata' }, 'inspector', onlyNamed],
      [{ method: 'inspector/learning' }, 'inspector', onlyNamed],
      ...resources.map(([method, path, operation, where]) => [resource(method, path), operation, where] as const),
      [resource('GET', '/threads/_t-1/messages'), 'threads.read', everywhere],
      [resource('GET', '/threads/t/messages?limit=1'), 'threads.read', everywhere],
      [resource('GET', '/threads/t'), NOTHING, []],
      [resource('GET', '/info'), NOTHING, []],
      [{ method: 'debug' }, NOTHING, []],
      [{ method: 'toString' }, NOTHING, []],
    ])

    it.each([
      '/threads/../clear',
      '/threads/.t/messages',
      '/threads/%74/messages',
      '//threads/t/messages',
      'threads/t/messages',
      '/threads/t/messages/',
      '/threads/t/messages#x',
      '',
    ])('a CopilotKit resource request with a path that is not canonical gets 400 body-invalid: %s', async (path) => {
      const reply = await world.as('alice', '/own/single', json(resource('GET', path)))
      expect(await refused(reply)).toEqual({ status: 400, code: 'body-invalid' })
    })
  })
})

describe('requests to LangGraph routes', () => {
  offers(
    'langgraph',
    [
      ['POST', '/assistants/search', 'assistants.search', notOwn],
      ['POST', '/assistants/count', 'assistants.count', notOwn],
      ['GET', '/assistants/a', 'assistants.read', notOwn],
      ['GET', '/assistants/a/graph', 'assistants.read', notOwn],
      ['GET', '/assistants/a/subgraphs', 'assistants.read', notOwn],
      ['GET', '/assistants/a/subgraphs/n', 'assistants.read', notOwn],
      ['GET', '/assistants/a/schemas', 'assistants.read', notOwn],
      ['POST', '/assistants/a/versions', 'assistants.read', notOwn],
      ['POST', '/assistants', 'assistants.create', onlyNamed],
      ['PATCH', '/assistants/a', 'assistants.update', onlyNamed],
      ['POST', '/assistants/a/latest', 'assistants.update', onlyNamed],
      ['DELETE', '/assistants/a', 'assistants.delete', onlyNamed],
      ['POST', '/threads', 'threads.create', notOwn],
      ['POST', '/threads/search', 'threads.search', notOwn],
      ['POST', '/threads/count', 'threads.count', notOwn],
      ['GET', '/threads/t', 'threads.read', notOwn],
      ['PATCH', '/threads/t', 'threads.update', notOwn],
      ['DELETE', '/threads/t', 'threads.delete', notOwn],
      ['POST', '/threads/t/copy', 'threads.copy', notOwn],
      ['GET', '/threads/t/state', 'threads.read', notOwn],
      ['GET', '/threads/t/state/c', 'threads.read', notOwn],
      ['POST', '/threads/t/state/checkpoint', 'threads.read', notOwn],
      ['POST', '/threads/t/state', 'threads.update', notOwn],
      ['GET', '/threads/t/history', 'threads.read', notOwn],
      ['POST', '/threads/t/history', 'threads.read', notOwn],
      ['GET', '/threads/t/stream', 'threads.stream', notOwn],
      ['POST', '/threads/t/stream/events', 'threads.stream', notOwn],
      ['GET', '/threads/t/runs', 'run.list', notOwn],
      ['POST', '/threads/t/runs', 'run.create', notOwn],
      ['POST', '/threads/t/runs/stream', 'run.stream', notOwn],
      ['POST', '/threads/t/runs/wait', 'run.wait', notOwn],
      ['GET', '/threads/t/runs/r', 'run.read', notOwn],
      ['DELETE', '/threads/t/runs/r', 'run.delete', notOwn],
      ['GET', '/threads/t/runs/r/join', 'run.join', notOwn],
      ['GET', '/threads/t/runs/r/stream', 'run.join', notOwn],
      ['POST', '/threads/t/runs/r/cancel', 'run.cancel', notOwn],
      ['POST', '/threads/t/commands', 'run.command', notOwn],
      ['POST', '/runs', 'run.create', notOwn],
      ['POST', '/runs/stream', 'run.stream', notOwn],
      ['POST', '/runs/wait', 'run.wait', notOwn],
      ['POST', '/runs/batch', 'run.batch', notOwn, [{}]],
      ['POST', '/runs/cancel', 'run.cancel', notOwn],
      ['GET', '/runs/r/stream', 'run.join', notOwn],
      ['POST', '/threads/t/runs/crons', 'crons.create', onlyNamed],
      ['POST', '/runs/crons', 'crons.create', onlyNamed],
      ['POST', '/runs/crons/search', 'crons.search', onlyNamed],
      ['POST', '/runs/crons/count', 'crons.count', onlyNamed],
      ['GET', '/runs/crons/c', 'crons.read', onlyNamed],
      ['PATCH', '/runs/crons/c', 'crons.update', onlyNamed],
      ['DELETE', '/runs/crons/c', 'crons.delete', onlyNamed],
      ['PUT', '/store/items', 'store.put', onlyNamed],
      ['GET', '/store/items', 'store.read', onlyNamed],
      ['DELETE', '/store/items', 'store.delete', onlyNamed],
      ['POST', '/store/items/search', 'store.search', onlyNamed],
      ['POST', '/store/namespaces', 'store.list', onlyNamed],
      ['GET', '/info', 'info', notOwn],
      ['GET', '/ok', 'health', onlyNamed],
      ['GET', '/metrics', NOTHING, []],
      ['POST', '/threads/prune', NOTHING, []],
    ],
    notOwn,
  )
})

describe('routes with a list of operations', () => {
  const rpc = (method: string, params: object) => ({ jsonrpc: '2.0', id: 1, method, params })
  const [message, task] = [{ message: { messageId: 'm', parts: [] } }, { id: 't' }]
  const search = (name: string) => rpc('tools/call', { name })

  it.each([
    ['mcp', [rpc('initialize', {}), search('search')], [rpc('ping', {}), rpc('tools/list', {}), search('erase')]],
    ['a2a', [rpc('SendMessage', message), rpc('message/send', message)], [rpc('GetTask', task)]],
    [
      'single',
      [{ method: 'agent/run', params: { agentId: 'a' }, body: { threadId: 't', runId: 'r', messages: [] } }],
      [{ method: 'info' }, { method: 'resource/request', params: { path: '/threads/t/state', httpMethod: 'GET' } }],
    ],
  ] as const)(
    'a route with a list of operations forwards the messages it offers and refuses all others (%s)',
    async (agent, these, others) => {
      for (const body of these) expect((await offered(agent, ['few'], '', json(body))).where).toEqual(['few'])
      for (const body of others) expect((await offered(agent, ['few'], '', json(body))).where).toEqual([])
    },
  )
})

describe('nested JSON bodies', () => {
  const nested = {
    lists: (depth: number) => '['.repeat(depth) + ']'.repeat(depth),
    objects: (depth: number) => `${'{"a":'.repeat(depth)}0${'}'.repeat(depth)}`,
  }

  it.each(['lists', 'objects'] as const)(
    'a JSON body may have %s nested up to 64 levels, and deeper nesting gets 400 body-invalid',
    async (what) => {
      const ask = async (text: string) => {
        const reply = await world.as('alice', '/shared/ag-ui', json(text))
        return reply.status === 200 ? 200 : await refused(reply)
      }
      // The body itself is the first level.
      const run = (depth: number) => `{"threadId":"t","runId":"r","messages":[],"state":{},"x":${nested[what](depth)}}`
      expect(await ask(run(63))).toBe(200)
      const tooDeep = { status: 400, code: 'body-invalid' }
      for (const depth of [64, 1_000, 100_000]) expect(await ask(run(depth))).toEqual(tooDeep)
      expect(await ask(nested[what](100_000))).toEqual(tooDeep)
    },
  )
})

describe('members of JSON-RPC messages', () => {
  it.each(['mcp', 'a2a'] as const)(
    'a JSON-RPC message to an agent of kind %s is refused if a member has a second spelling',
    async (agent) => {
      const [method, params] = agent === 'mcp' ? ['tools/call', { name: 'search' }] : ['GetTask', { id: 't' }]
      const good = { jsonrpc: '2.0', id: 1, method, params }
      const other = agent === 'mcp' ? { Name: 'erase' } : { Message: {}, metadata: {} }
      for (const body of [
        { ...good, params: { ...params, ...other } },
        { ...good, Method: 'x' },
        { ...good, PARAMS: {} },
        { ...good, 'para\u{1d5c6}s': {} },
      ]) {
        const reply = await world.as('alice', `/own/${agent}`, json(body))
        const status = agent === 'mcp' ? 400 : 200
        expect(await refused(reply), JSON.stringify(body)).toEqual({ status, code: 'body-invalid' })
      }
      expect((await world.as('alice', `/own/${agent}`, json(good))).status).toBe(200)
    },
  )
})

it('a missing token gets resource_metadata in WWW-Authenticate on an MCP route, but not on an A2A route', async () => {
  const challengeOf = async (path: string) =>
    (await plainRequest(world.gateway.url, { path, method: 'POST' })).headers['www-authenticate']
  const metadata = `${world.gateway.url}/.well-known/oauth-protected-resource/own/mcp`
  expect(await challengeOf('/own/mcp')).toBe(`Bearer realm="mcp-own", resource_metadata="${metadata}"`)
  expect(await challengeOf('/own/a2a')).toBe('Bearer realm="a2a-own"')
})
