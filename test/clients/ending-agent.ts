import type { Issuer, Route } from '../../src/config/define'
import { routeOf } from '../support/fixtures'
import { chunk, head, lastChunk, startWireOrigin, type WireOrigin } from '../support/wire'

const sse = { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }
const firstEvents: Record<string, string> = {
  'ag-ui': 'data: {"type":"RUN_STARTED","threadId":"t1","runId":"r1"}\n\n',
  langgraph: 'event: metadata\ndata: {"run_id":"1"}\n\n',
  mcp: 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"on"}}\n\n',
}
const capabilities = { protocolVersion: '2025-11-25', capabilities: { tools: {} } }

/**
 * Starts an agent whose streams end after their first event: with their connection (`cut`), or in
 * good order (`unended`). It answers the handshake of MCP, and has lost its sessions below `lost`.
 */
export const startEndingAgent = (): Promise<WireOrigin> =>
  startWireOrigin((socket, { method, url, body }) => {
    const [, kind = '', how] = url.pathname.split('/')
    const { id, method: asked } = JSON.parse(body || '{}') as { id?: number; method?: string }
    if (method === 'GET') return void socket.write(head('405 No', { 'content-length': '0' }))
    if (how === 'lost' && asked?.startsWith('tools/'))
      return void socket.write(head('404 Not Found', { 'content-length': '0' }))
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

/** Its routes: `/<kind>/<how>`. */
export const endingRoutes = (agent: WireOrigin, trust: readonly Issuer[]): readonly Route[] =>
  ['cut', 'unended', 'lost'].flatMap((how) =>
    (['ag-ui', 'langgraph', 'mcp'] as const).map((kind) =>
      routeOf({ kind, origin: { url: `${agent.url}/${kind}/${how}` } }, trust, {
        id: `${kind}-${how}`,
        path: `/${kind}/${how}`,
      }),
    ),
  )
