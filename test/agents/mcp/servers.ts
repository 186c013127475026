import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type AgentPackage, loadAgentPackages } from '../../support/agent-packages'
import { root } from '../../support/build'
import { type NodeServer, startNodeServer } from '../../support/node-server'
import { type PythonServer, startPython } from '../../support/python'

/** The example, which has a session for each client and keeps no events. */
export const startPythonServer = (): Promise<PythonServer> => startApp('server:app', root)
/** A server that keeps the events of all sessions in one store. */
export const startStoringPythonServer = (): Promise<PythonServer> =>
  startApp('mcp_stored:app', path.join(root, 'test/agents/mcp'))
/** A server that `@modelcontextprotocol/conformance` is written for. */
export const startConformanceServer = (): Promise<PythonServer> =>
  startApp('mcp_conformance:app', path.join(root, 'test/agents/mcp'))

const startApp = (app: string, folder: string): Promise<PythonServer> =>
  startPython({
    folder: 'examples/mcp-python',
    args: (port) => ['-m', 'uvicorn', app, '--host', '127.0.0.1', '--port', `${port}`],
    env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
    readyPath: '/',
    isReady: (status) => status < 500,
  })

/**
 * A server as the SDK's guide writes it: a session for each client.
 * @param stores for events: one for all sessions, or one for each
 */
export async function startTypeScriptServer(stores: 'one' | 'per-session' = 'one'): Promise<NodeServer> {
  const [sdk, http, store, zod] = await loadAgentPackages(
    '@modelcontextprotocol/sdk/server/mcp.js',
    '@modelcontextprotocol/sdk/server/streamableHttp.js',
    '@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js',
    'zod',
  )
  const sessions = new Map<string, AgentPackage>()
  const oneStore = new store.InMemoryEventStore()
  const open = async () => {
    const mcp = new sdk.McpServer({ name: 'notes', version: '1.0.0' }, { capabilities: { logging: {} } })
    const inputSchema = { words: zod.z.string() }
    mcp.registerTool('search', { inputSchema }, async ({ words }: { words: string }, extra: AgentPackage) => {
      // The store sorts by the millisecond.
      await setTimeout(5)
      await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data: `on ${words}` } })
      // On the session's own stream.
      await mcp.server.sendLoggingMessage({ level: 'info', data: `heard ${words}` })
      await setTimeout(5)
      return { content: [{ type: 'text', text: `found ${words}` }] }
    })
    const transport = new http.StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: stores === 'one' ? oneStore : new store.InMemoryEventStore(),
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
