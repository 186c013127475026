import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routeOf } from '../support/fixtures'
import { chunk, head, lastChunk, startWireOrigin, type WireOrigin } from '../support/wire'
import { collect, failureOf, loadRefusedClients, mcpClient, type RefusedClients, runAgent } from './refused-clients'
import { openRefusingWorld, type RefusingWorld } from './refusing-world'

let world: RefusingWorld
let wire: WireOrigin
let clients: RefusedClients

const sse = { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }
const firstEvents: Record<string, string> = {
  'ag-ui': 'data: {"type":"RUN_STARTED","threadId":"t1","runId":"r1"}\n\n',
  langgraph: 'event: metadata\ndata: {"run_id":"1"}\n\n',
  mcp: 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"on"}}\n\n',
}
const capabilities = { protocolVersion: '2025-11-25', capabilities: { tools: {} } }

beforeAll(async () => {
  clients = await loadRefusedClients()
  // An agent whose streams end after their first event, and who answers the handshake of MCP.
  wire = await startWireOrigin((socket, { method, url, body }) => {
    const [, kind = '', how] = url.pathname.split('/')
    const { id, method: asked } = JSON.parse(body || '{}') as { id?: number; method?: string }
    if (method === 'GET') return void socket.write(head('405 No', { 'content-length': '0' }))
    if (asked === 'initialize' || asked === 'tools/list') {
      const result = { ...capabilities, serverInfo: { name: 'notes', version: '1' }, tools: [] }
      const answer = JSON.stringify({ jsonrpc: '2.0', id, result })
      const headers = {
        'content-type': 'application/json',
        'content-length': `${answer.length}`,
        'mcp-session-id': 's1',
      }
      return void socket.write(head('200 OK', headers) + answer)
    }
    if (asked && id === undefined) return void socket.write(head('202 Accepted', { 'content-length': '0' }))
    socket.write(head('200 OK', sse))
    socket.write(chunk(firstEvents[kind] ?? ''))
    if (how === 'cut') socket.end()
    else socket.write(lastChunk)
  })
  world = await openRefusingWorld(['mcp'], ({ trust }) =>
    ['cut', 'unended'].flatMap((how) =>
      (['ag-ui', 'langgraph', 'mcp'] as const).map((kind) =>
        routeOf({ kind, origin: { url: `${wire.url}/${kind}/${how}` } }, trust, {
          id: `${kind}-${how}`,
          path: `/${kind}/${how}`,
        }),
      ),
    ),
  )
}, 300_000)
afterAll(async () => {
  await world?.close()
  await wire?.close()
})

const at = (kind: string, how: string) => `${world.gateway.url}/${kind}/${how}`

describe('a stream that ends before its run', () => {
  it.each([
    ['cut', 'origin-cut'],
    ['unended', 'origin-unended'],
  ])('F8: resolves runAgent of @ag-ui/client, and is told by onRunErrorEvent alone: %s', async (how, code) => {
    const agent = new clients.agUi.HttpAgent({ url: at('ag-ui', how), threadId: 't1', headers: world.bob })
    const { result, error, called, last } = await runAgent(agent)
    expect(error).toBeUndefined()
    expect(result).toMatchObject({ newMessages: [] })
    expect(called).toEqual(['onRunInitialized', 'onRunStartedEvent', 'onRunErrorEvent', 'onRunFinalized'])
    expect(last).toMatchObject({ type: 'RUN_ERROR', code })
    expect(wire.received.filter(({ url }) => url.pathname === `/ag-ui/${how}`)).toHaveLength(1)
  })

  it('F8: ends runs.stream of the LangGraph SDK with an event of its own where the gateway reads', async () => {
    const client = new clients.langGraph.Client({
      apiUrl: at('langgraph', 'cut'),
      defaultHeaders: world.bob,
      apiKey: null,
    })
    const parts = await collect(client.runs.stream(null, 'agent', { input: {} }))
    expect(parts.at(-1)).toMatchObject({ event: 'error', data: { error: 'origin-cut', message: expect.any(String) } })
  })

  it.each(['cut', 'unended'])('F8: leaves a call of the MCP SDK waiting for its own timeout: %s', async (how) => {
    const { client, told, connect } = mcpClient(clients, at('mcp', how), { requestInit: { headers: world.bob } })
    await connect()
    const call = { name: 'search', arguments: {} }
    const error = await failureOf(client.callTool(call, undefined, { timeout: 1000 }))
    expect(error).toMatchObject({ code: -32001, message: 'MCP error -32001: Request timed out' })
    const words = how === 'cut' ? ['SSE stream disconnected: TypeError: terminated'] : []
    expect(told.map(({ message }) => message)).toEqual(words)
    await client.close()
  })
})

describe('a session of the MCP SDK', () => {
  it('outlasts a token that expires: the same call succeeds with a fresh one', async () => {
    const headers: Record<string, string> = { ...world.bob }
    const { client, connect } = mcpClient(clients, at('mcp', 'cut'), { requestInit: { headers } })
    await connect()
    Object.assign(headers, world.headersOf('token-expired'))
    expect(await failureOf(client.listTools())).toMatchObject({ code: 401 })
    Object.assign(headers, world.bob)
    expect(await client.listTools()).toMatchObject({ tools: [] })
    await client.close()
  })

  it('hears of an unknown method as an error of JSON-RPC whose data is the body', async () => {
    const { client, connect } = mcpClient(clients, at('mcp', 'cut'), { requestInit: { headers: world.bob } })
    await connect()
    const asIs = { parse: (value: unknown) => value }
    const error = await failureOf(client.request({ method: 'notes/unheard-of', params: {} }, asIs))
    expect(error).toBeInstanceOf(clients.mcp.McpError)
    expect(error).toMatchObject({ code: -32601, data: { code: 'operation-unknown', status: 404 } })
    await client.close()
  })

  it.each([
    ['token-missing', undefined],
    ['scope-insufficient', 'bob'],
  ] as const)('signs in anew, or for more, where the app has an authProvider: %s', async (code, person) => {
    const opened: URL[] = []
    const redirectUrl = 'http://127.0.0.1:1/callback'
    const provider = {
      redirectUrl,
      clientMetadata: { redirect_uris: [redirectUrl] },
      clientInformation: () => ({ client_id: 'app' }),
      tokens: () => person && { access_token: world.token(person), token_type: 'Bearer' },
      redirectToAuthorization: (url: URL) => opened.push(url),
      saveCodeVerifier: () => undefined,
    }
    await world.arrived()
    const { connect } = mcpClient(clients, world.at('mcp', code), { authProvider: provider })
    expect(await failureOf(connect())).toBeInstanceOf(clients.UnauthorizedError)
    expect(opened.map(({ origin }) => origin)).toEqual([new URL(world.provider.issuer).origin])
    if (person) expect(opened[0]?.searchParams.get('scope')).toBe('agents:admin')
    expect((await world.arrived()).filter((each) => each !== undefined)).toEqual([code])
  })
})
