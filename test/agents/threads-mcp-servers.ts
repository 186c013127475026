import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { type AgentPackage, loadAgentPackages } from '../support/agent-packages'
import { type NodeServer, startNodeServer } from '../support/node-server'
import { type PythonServer, startPython } from '../support/python'

/** The example, which has a session for each client and keeps no events. */
export const startPythonServer = (): Promise<PythonServer> =>
  startPython({
    folder: 'examples/mcp-python',
    args: (port) => ['-m', 'uvicorn', 'server:app', '--host', '127.0.0.1', '--port', `${port}`],
    readyPath: '/',
    isReady: (status) => status < 500,
  })

/** A server as the SDK's guide writes it: a session for each client, and one store for the events of all. */
export async function startTypeScriptServer(): Promise<NodeServer> {
  const [sdk, http, store, zod] = await loadAgentPackages(
    '@modelcontextprotocol/sdk/server/mcp.js',
    '@modelcontextprotocol/sdk/server/streamableHttp.js',
    '@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js',
    'zod',
  )
  const sessions = new Map<string, AgentPackage>()
  const eventStore = new store.InMemoryEventStore()
  const open = async () => {
    const mcp = new sdk.McpServer({ name: 'notes', version: '1.0.0' }, { capabilities: { logging: {} } })
    const inputSchema = { words: zod.z.string() }
    mcp.registerTool('search', { inputSchema }, async ({ words }: { words: string }, extra: AgentPackage) => {
      // The store sorts by the millisecond.
      await setTimeout(5)
      await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data: `on ${words}` } })
      await setTimeout(5)
      return { content: [{ type: 'text', text: `found ${words}` }] }
    })
    const transport = new http.StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore,
      onsessioninitialized: (id: string) => void sessions.set(id, transport),
      onsessionclosed: (id: string) => void sessions.delete(id),
    })
    await mcp.connect(transport)
    return transport
  }
  return startNodeServer(async (request, response) => {
    const id = request.headers['mcp-session-id']
    const transport = id === undefined ? await open() : sessions.get(String(id))
    if (transport) return transport.handleRequest(request, response)
    const error = { code: -32001, message: 'Session not found' }
    response.writeHead(404, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ jsonrpc: '2.0', error, id: null }))
  })
}
