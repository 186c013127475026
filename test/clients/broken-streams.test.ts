import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WireOrigin } from '../support/wire'
import { endingRoutes, startEndingAgent } from './ending-agent'
import { collect, failureOf, loadRefusedClients, mcpClient, type RefusedClients, runAgent } from './refused-clients'
import { openRefusingWorld, type RefusingWorld } from './refusing-world'

let world: RefusingWorld
let agent: WireOrigin
let clients: RefusedClients

beforeAll(async () => {
  clients = await loadRefusedClients()
  agent = await startEndingAgent()
  world = await openRefusingWorld(['mcp'], ({ trust }) => endingRoutes(agent, trust))
}, 300_000)
afterAll(async () => {
  await world?.close()
  await agent?.close()
})

const at = (kind: string, how: string) => `${world.gateway.url}/${kind}/${how}`

describe('streams that end before their run has finished', () => {
  it.each([
    ['cut', 'origin-cut'],
    ['unended', 'origin-unended'],
  ])(
    'if a stream ends early, runAgent of @ag-ui/client resolves and onRunErrorEvent is called: %s (F8)',
    async (how, code) => {
      const its = new clients.agUi.HttpAgent({ url: at('ag-ui', how), threadId: 't1', headers: world.bob })
      const { result, error, called, last } = await runAgent(its)
      expect(error).toBeUndefined()
      expect(result).toMatchObject({ newMessages: [] })
      expect(called).toEqual(['onRunInitialized', 'onRunStartedEvent', 'onRunErrorEvent', 'onRunFinalized'])
      expect(last).toMatchObject({ type: 'RUN_ERROR', code })
      expect(agent.received.filter(({ url }) => url.pathname === `/ag-ui/${how}`)).toHaveLength(1)
    },
  )

  it('a cut stream ends runs.stream of the LangGraph SDK with an error event of the gateway (F8)', async () => {
    const client = new clients.langGraph.Client({
      apiUrl: at('langgraph', 'cut'),
      defaultHeaders: world.bob,
      apiKey: null,
    })
    const parts = await collect(client.runs.stream(null, 'agent', { input: {} }))
    expect(parts.at(-1)).toMatchObject({ event: 'error', data: { error: 'origin-cut', message: expect.any(String) } })
  })

  it.each(['cut', 'unended'])(
    'a call of the MCP SDK waits for the timeout of the SDK if its stream ends early: %s (F8)',
    async (how) => {
      const { client, told, connect } = mcpClient(clients, at('mcp', how), { requestInit: { headers: world.bob } })
      await connect()
      const call = { name: 'search', arguments: {} }
      const error = await failureOf(client.callTool(call, undefined, { timeout: 1000 }))
      expect(error).toMatchObject({ code: -32001, message: 'MCP error -32001: Request timed out' })
      const words = how === 'cut' ? ['SSE stream disconnected: TypeError: terminated'] : []
      expect(told.map(({ message }) => message)).toEqual(words)
      await client.close()
    },
  )
})

describe('sessions of the MCP SDK', () => {
  it('the MCP SDK does not reopen a session that the server has lost: each call fails with 404', async () => {
    const { client, connect } = mcpClient(clients, at('mcp', 'lost'), { requestInit: { headers: world.bob } })
    await connect()
    for (const call of [client.listTools(), client.callTool({ name: 'search', arguments: {} })])
      expect(await failureOf(call)).toMatchObject({ code: 404 })
    const opened = agent.received.filter(({ body }) => body.includes('"initialize"'))
    expect(opened.filter(({ url }) => url.pathname === '/mcp/lost')).toHaveLength(1)
    await client.close()
  })

  it('a session of the MCP SDK survives an expired token: the same call succeeds with a new token', async () => {
    const headers: Record<string, string> = { ...world.bob }
    const { client, connect } = mcpClient(clients, at('mcp', 'cut'), { requestInit: { headers } })
    await connect()
    Object.assign(headers, world.headersOf('token-expired'))
    expect(await failureOf(client.listTools())).toMatchObject({ code: 401 })
    Object.assign(headers, world.bob)
    expect(await client.listTools()).toMatchObject({ tools: [] })
    await client.close()
  })

  it('the MCP SDK reports an unknown method as a JSON-RPC error with the refusal as data', async () => {
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
  ] as const)(
    'the MCP SDK with an authProvider opens the sign-in page of the identity provider after %s',
    async (code, person) => {
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
    },
  )
})
