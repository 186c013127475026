import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Policy } from '../../../src/config/define'
import { type AgentPackage, loadAgentPackages } from '../../support/agent-packages'
import { forge, policyWithExamples, routeOf } from '../../support/fixtures'
import { type NodeServer, startNodeServer } from '../../support/node-server'
import { refused } from '../../support/refusal'
import { json, openWorld, type World } from '../../support/world'

let sdk: { server: AgentPackage; http: AgentPackage; client: AgentPackage; transport: AgentPackage; zod: AgentPackage }
let server: NodeServer
let world: World
/** Headers of every request that reached the server. */
const received: IncomingHttpHeaders[] = []
const app = 'https://app.example.com'

/** A server as the SDK's own guide writes it, with a session for each client. */
async function startMcpServer(): Promise<NodeServer> {
  const sessions = new Map<string, AgentPackage>()
  const open = async () => {
    const mcp = new sdk.server.McpServer({ name: 'notes', version: '1.0.0' }, { capabilities: { logging: {} } })
    const text = (value: string) => ({ content: [{ type: 'text', text: value }] })
    mcp.registerTool('search', { inputSchema: { words: sdk.zod.z.string() } }, async ({ words }: { words: string }) =>
      text(`found ${words}`),
    )
    mcp.registerTool('erase', {}, async () => text('erased'))
    mcp.registerTool('slow', {}, async (extra: AgentPackage) => {
      for (let step = 1; step <= 3; step++) {
        await extra.sendNotification({
          method: 'notifications/message',
          params: { level: 'info', data: `step ${step}` },
        })
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      return text('done')
    })
    const transport = new sdk.http.StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id: string) => void sessions.set(id, transport),
    })
    await mcp.connect(transport)
    return transport
  }
  return startNodeServer(async (request, response) => {
    received.push(request.headers)
    const session = sessions.get(String(request.headers['mcp-session-id']))
    await (session ?? (await open())).handleRequest(request, response)
  })
}

const readers: Policy = {
  id: 'readers',
  allow: [
    { name: 'everybody reads', operations: ['session.*', 'tool.list', 'tool.call/search', 'tool.call/slow'] },
    { name: 'admins erase', operations: ['tool.call/erase'], when: { role: 'admin' } },
    { name: 'prompts by scope', operations: ['prompt.*'], when: { scope: 'prompts:read' } },
  ],
  examples: [
    { as: {}, does: 'tool.call/search', expect: 'allow' },
    { as: {}, does: 'tool.call/erase', expect: 'deny' },
  ],
}

beforeAll(async () => {
  const [mcp, http, client, transport, zod] = await loadAgentPackages(
    '@modelcontextprotocol/sdk/server/mcp.js',
    '@modelcontextprotocol/sdk/server/streamableHttp.js',
    '@modelcontextprotocol/sdk/client/index.js',
    '@modelcontextprotocol/sdk/client/streamableHttp.js',
    'zod',
  )
  sdk = { server: mcp, http, client, transport, zod }
  server = await startMcpServer()
  world = await openWorld(({ trust }) => [
    routeOf({ kind: 'mcp', origin: { url: server.url } }, trust, { policies: [readers], cors: { origins: [app] } }),
    routeOf({ kind: 'mcp', origin: { url: server.url }, operations: ['session.*', 'tool.call/search'] }, trust, {
      id: 'one-tool',
      path: '/agents/one-tool',
      assertion: { audience: 'mcp' },
    }),
    routeOf({ kind: 'mcp', origin: { url: server.url } }, trust, {
      id: 'named',
      path: '/agents/named',
      assertion: { audience: 'mcp' },
      policies: [
        policyWithExamples({
          id: 'named',
          allow: [{ name: 'one', operations: ['tool.call/Code Review', 'prompt.get/Code Review'] }],
        }),
      ],
    }),
  ])
}, 300_000)
afterAll(async () => {
  await world?.close()
  await server?.close()
})

async function connect(headers: Record<string, string> = world.alice, url = `${world.gateway.url}/agents/mcp`) {
  const client = new sdk.client.Client({ name: 'test', version: '1.0.0' })
  const logged: string[] = []
  client.fallbackNotificationHandler = async ({ params }: AgentPackage) => void logged.push(params.data)
  const transport = new sdk.transport.StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } })
  await client.connect(transport)
  return { client, transport, logged }
}

const call = (method: string, params: object = {}) => ({ jsonrpc: '2.0', id: 1, method, params })
const post = (body: unknown, headers: Record<string, string> = {}, route = 'mcp') =>
  world.gateway.fetch(`/agents/${route}`, {
    ...json(body, { accept: 'application/json, text/event-stream', ...world.bob, ...headers }),
  })

describe('MCP servers behind the gateway', () => {
  it('the SDK client opens a session, calls tools, gets notifications and closes it', async () => {
    const { client, transport, logged } = await connect()
    expect((await client.listTools()).tools.map(({ name }: { name: string }) => name)).toEqual([
      'search',
      'erase',
      'slow',
    ])
    const found = await client.callTool({ name: 'search', arguments: { words: 'sally' } })
    expect(found.content).toEqual([{ type: 'text', text: 'found sally' }])
    expect((await client.callTool({ name: 'slow' })).content[0].text).toBe('done')
    expect(logged).toEqual(['step 1', 'step 2', 'step 3'])
    // The server's id with a mark of the gateway's that it is alice's.
    expect(transport.sessionId).toMatch(/^[0-9a-f-]{36}\.[\w-]{43}$/)
    expect(received.at(-1)?.['mcp-session-id']).toBe(transport.sessionId?.slice(0, 36))
    await transport.terminateSession()
    await client.close()
  })

  it('the SDK client gets the same answers with and without the gateway', async () => {
    const answers = async (url?: string) => {
      const { client, logged } = await connect(undefined, url)
      const result = [await client.listTools(), await client.callTool({ name: 'slow' }), client.getServerCapabilities()]
      await client.close()
      return [result, logged]
    }
    expect(await answers()).toEqual(await answers(server.url))
  })

  it('the server gets a signed assertion and never the caller’s token (invariant 1)', async () => {
    received.length = 0
    await (await connect()).client.close()
    expect(received.length).toBeGreaterThan(1)
    for (const headers of received) {
      expect(headers['x-sallyport-assertion']).toMatch(/^ey/)
      expect(headers.authorization).toBeUndefined()
      expect(JSON.stringify(headers)).not.toContain(world.alice.authorization.slice(7))
    }
  })

  it('an admin can call the tool "erase", and a caller without the role admin is refused', async () => {
    const [alice, bob] = [await connect(world.alice), await connect(world.bob)]
    expect((await alice.client.callTool({ name: 'erase' })).content[0].text).toBe('erased')
    const refusal = await bob.client.callTool({ name: 'erase' }).catch((thrown: Error) => thrown)
    expect(String(refusal)).toContain('policy-denied')
    await Promise.all([alice.client.close(), bob.client.close()])
  })

  it('an MCP client without a token gets 401', async () => {
    const refusal = await connect({}).catch((thrown: Error) => thrown)
    expect(String(refusal)).toMatch(/401|Unauthorized|token-missing/)
  })
})

describe('OAuth discovery by an MCP client', () => {
  const metadata = () => `${world.gateway.url}/.well-known/oauth-protected-resource/agents/mcp`

  it('a 401 links to metadata that names the resource and its issuers (S13)', async () => {
    const response = await post(call('tools/list'), { authorization: '' })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer realm="mcp", scope="prompts:read", resource_metadata="${metadata()}"`,
    )
    const found = await world.gateway.fetch('/.well-known/oauth-protected-resource/agents/mcp')
    expect(await found.json()).toEqual({
      resource: `${world.gateway.url}/agents/mcp`,
      resource_name: 'mcp',
      authorization_servers: [world.provider.issuer],
      bearer_methods_supported: ['header'],
      scopes_supported: ['prompts:read'],
    })
    expect(found.headers.get('access-control-allow-origin')).toBe('*')
  })

  it('the MCP SDK reads the issuer from the protected resource metadata', async () => {
    const [auth] = await loadAgentPackages('@modelcontextprotocol/sdk/client/auth.js')
    const found = await auth.discoverOAuthProtectedResourceMetadata(`${world.gateway.url}/agents/mcp`)
    expect(found.authorization_servers).toEqual([world.provider.issuer])
  })

  it('a 403 for a missing scope names the scope and the metadata URL (S13)', async () => {
    const response = await post(call('prompts/list'))
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toMatch(
      /error="insufficient_scope".*scope="prompts:read".*resource_metadata=/,
    )
  })

  it('a metadata request for an unknown route gets 404 with code route-unknown', async () => {
    const response = await world.gateway.fetch('/.well-known/oauth-protected-resource/agents/other')
    expect(await refused(response)).toEqual({ status: 404, code: 'route-unknown' })
  })
})

describe('refusals to an MCP client', () => {
  const errorOf = async (reply: Response) => {
    const { jsonrpc, id, error } = await reply.json()
    return { status: reply.status, jsonrpc, id, code: error?.code, message: error?.message, data: error?.data?.code }
  }

  it.each([
    ['a method that is not offered', call('prompts/get', { name: 'x' }), 'one-tool', -32_601, 'operation-unknown'],
    ['a tool that is not permitted', call('tools/call', { name: 'erase' }), 'mcp', -32_090, 'policy-denied'],
    ['invalid parameters', call('tools/call', { name: 7 }), 'mcp', -32_602, 'body-invalid'],
  ])('the refusal of %s is a JSON-RPC error with the id of the request', async (_what, body, route, code, data) => {
    for (const id of [7, 'seven']) {
      const found = await errorOf(await post({ ...body, id }, world.bob, route))
      expect(found).toMatchObject({ jsonrpc: '2.0', id, code, data, message: expect.stringMatching(/\w/) })
    }
  })

  it('an unknown method in an MCP session gets a JSON-RPC error with status 200, so that the session continues', async () => {
    const unknown = call('custom/thing')
    const outside = await errorOf(await post(unknown))
    expect([outside.status, outside.code]).toEqual([404, -32_601])
    const inside = await errorOf(await post(unknown, { 'mcp-session-id': 'mine' }))
    expect([inside.status, inside.code]).toEqual([200, -32_601])
    const { client } = await connect(undefined, `${world.gateway.url}/agents/one-tool`)
    await expect(client.listResources()).rejects.toMatchObject({ code: -32_601 })
    expect((await client.callTool({ name: 'search', arguments: { words: 'x' } })).content[0].text).toBe('found x')
    await client.close()
  })

  it('a request with a header that contradicts its body gets 400 with JSON-RPC code -32020', async () => {
    const reply = await post(call('tools/call', { name: 'search' }), { 'mcp-name': 'erase' })
    expect(await errorOf(reply)).toMatchObject({ status: 400, code: -32_020, data: 'header-mismatch' })
  })

  it('a refused batch gets an error for each request and none for notifications', async () => {
    const notification = { jsonrpc: '2.0', method: 'notifications/x' }
    const batch = [{ ...call('tools/call', { name: 'erase' }), id: 1 }, notification, { ...call('ping'), id: 2 }]
    const reply = await post(batch, world.bob)
    expect(reply.status).toBe(403)
    expect((await reply.json()).map(({ id, error }: AgentPackage) => [id, error.data.code])).toEqual([
      [1, 'policy-denied'],
      [2, 'policy-denied'],
    ])
  })

  it('a refusal has the JSON-RPC id null if the gateway has read no request', async () => {
    const nobody = await post(call('tools/list'), { authorization: '' })
    expect(nobody.status).toBe(401)
    expect(await nobody.json()).toMatchObject({ id: null, error: { code: -32_090, data: { code: 'token-missing' } } })
    const unread = await post('{')
    expect(unread.status).toBe(400)
    expect(await unread.json()).toMatchObject({ id: null, error: { code: -32_700, data: { code: 'body-invalid' } } })
  })
})

describe('names of MCP tools and prompts', () => {
  it.each(['Code Review', 'github:create_issue', 'Greet the user', 'grüß', 'a'.repeat(256), '世界'])(
    'a policy allows a tool or prompt only by its exact name: %s',
    async (name) => {
      received.length = 0
      const headers = { 'mcp-name': `=?base64?${Buffer.from(name).toString('base64')}?=` }
      for (const method of ['tools/call', 'prompts/get']) {
        const reply = await post(call(method, { name }), headers, 'named')
        if (name !== 'Code Review') expect(await refused(reply)).toEqual({ status: 403, code: 'policy-denied' })
      }
      expect(received).toHaveLength(name === 'Code Review' ? 2 : 0)
    },
  )

  it.each(['', 'a\u0000', 'a\u202eb', 'a\nb', '\ud800', ' a', 'a\u00a0', 'a'.repeat(257)])(
    'a tool with the invalid name %j is refused with 400',
    async (name) => {
      expect(await refused(await post(call('tools/call', { name }), {}, 'named'))).toEqual({
        status: 400,
        code: 'body-invalid',
      })
    },
  )
})

describe('limits for an MCP caller', () => {
  it.each([
    ['a method that is not listed', call('server/shutdown'), 404, 'operation-unknown'],
    ['a method of Object.prototype', call('constructor'), 404, 'operation-unknown'],
    ['a list of the tasks of all callers', call('tasks/list'), 404, 'operation-unknown'],
    [
      'a forbidden tool after a permitted request in a batch',
      [call('tools/list'), call('tools/call', { name: 'erase' })],
      403,
      'policy-denied',
    ],
    ['an empty batch', [], 400, 'body-invalid'],
    ['a message without a JSON-RPC version', { id: 1, method: 'ping' }, 400, 'body-invalid'],
    ['a tool without a name', call('tools/call'), 400, 'body-invalid'],
    ['a tool with a list as its name', call('tools/call', { name: ['search'] }), 400, 'body-invalid'],
    ['a tool with a line break in its name', call('tools/call', { name: 'search\nx' }), 400, 'body-invalid'],
    ['a method that is a number', { jsonrpc: '2.0', id: 1, method: 7 }, 400, 'body-invalid'],
    ['an id that is an object', { jsonrpc: '2.0', id: { a: 1 }, method: 'ping' }, 400, 'body-invalid'],
    ['an id that is a list', { jsonrpc: '2.0', id: [1], method: 'ping' }, 400, 'body-invalid'],
  ])('the gateway refuses %s before the request reaches the server (X9)', async (_what, body, status, code) => {
    received.length = 0
    expect(await refused(await post(body))).toEqual({ status, code })
    expect(received).toEqual([])
  })

  it.each([
    ['Name', '"method":"tools/call","params":{"name":"search","Name":"erase"}'],
    ['Method', '"method":"tools/list","Method":"tools/call","params":{"name":"erase"}'],
    ['Method alone', '"Method":"tools/call","params":{"name":"erase"}'],
    ['Params', '"method":"tools/call","params":{"name":"search"},"Params":{"name":"erase"}'],
    ['paramſ, with a long s', '"method":"tools/call","params":{"name":"search"},"param\u017f":{"name":"erase"}'],
  ])('a request with the member %s, which Go or .NET servers read, is refused (X9)', async (_what, members) => {
    received.length = 0
    expect(await refused(await post(`{"jsonrpc":"2.0","id":1,${members}}`))).toEqual({
      status: 400,
      code: 'body-invalid',
    })
    expect(received).toEqual([])
  })

  it('a permission for the tool "search" does not permit the tool "search/erase" (X9)', async () => {
    const below = call('tools/call', { name: 'search/erase' })
    expect(await refused(await post(below))).toEqual({ status: 403, code: 'policy-denied' })
  })

  it('if an MCP request has two members with the same name, the policy checks the last member (X9)', async () => {
    const twice = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","name":"erase"}}'
    expect(await refused(await post(twice))).toEqual({ status: 403, code: 'policy-denied' })
  })

  it('a route that offers only the tool "search" refuses other tools with 404 (X9)', async () => {
    const other = call('tools/call', { name: 'erase' })
    expect(await refused(await post(other, {}, 'one-tool'))).toEqual({ status: 404, code: 'operation-unknown' })
    const { client } = await connect(undefined, `${world.gateway.url}/agents/one-tool`)
    expect((await client.callTool({ name: 'search', arguments: { words: 'x' } })).content[0].text).toBe('found x')
    await client.close()
  })

  it.each([
    ['another method', { 'mcp-method': 'tools/list' }],
    ['another tool', { 'mcp-method': 'tools/call', 'mcp-name': 'search' }],
    ['another tool in base64', { 'mcp-name': '=?base64?c2VhcmNo?=' }],
    ['invalid base64', { 'mcp-name': '=?base64?%?=' }],
    ['base64 that only some servers accept', { 'mcp-method': '=?base64?!dG9vbHMvY2FsbA==?=' }],
  ])(
    'a request gets 400 if its mcp-method or mcp-name header contradicts its body with %s (T5)',
    async (_what, headers) => {
      const body = call('tools/call', { name: 'slow' })
      expect(await refused(await post(body, headers as Record<string, string>))).toEqual({
        status: 400,
        code: 'header-mismatch',
      })
    },
  )

  it.each([
    ['resources/read', { uri: 'file:///mine', name: 'search' }, 'search', 'file:///mine'],
    ['tasks/get', { taskId: 'mine' }, 'another', 'mine'],
  ])(
    'the mcp-name header of %s must repeat the uri or taskId of the body (T5)',
    async (method, params, wrong, right) => {
      const named = (name: string) => post(call(method, params), { 'mcp-method': method, 'mcp-name': name })
      expect(await refused(await named(wrong))).toEqual({ status: 400, code: 'header-mismatch' })
      expect((await refused(await named(right))).code).not.toBe('header-mismatch')
    },
  )

  it('mcp-method and mcp-name headers that match the body reach the server', async () => {
    received.length = 0
    const headers = { 'mcp-method': 'tools/call', 'mcp-name': '=?base64?c2VhcmNo?=', 'mcp-param-region': 'eu' }
    await post(call('tools/call', { name: 'search' }), { ...headers, 'mcp-protocol-version': '2025-11-25' })
    expect(received[0]).toMatchObject(headers)
  })

  it('a web page that the CORS setting of a route does not list gets 403, and a listed page does not (X17)', async () => {
    for (const origin of ['https://evil.example', 'null']) {
      const response = await post(call('ping'), { origin })
      expect(await refused(response)).toEqual({ status: 403, code: 'cors-origin-refused' })
    }
    const response = await post(call('initialize', {}), { origin: app })
    expect(response.status).not.toBe(403)
    expect(response.headers.get('access-control-expose-headers')).toContain('mcp-session-id')
  })

  it('a token for another audience gets 401 with code token-invalid', async () => {
    const token = await forge(world.provider, { claims: { aud: 'another' } })
    const response = await post(call('ping'), { authorization: `Bearer ${token}` })
    expect(await refused(response)).toEqual({ status: 401, code: 'token-invalid' })
  })
})
