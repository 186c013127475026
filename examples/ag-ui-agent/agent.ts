import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { EventType, type RunAgentInput } from '@ag-ui/core'
import { RunAgentInputSchema } from '@ag-ui/core/schemas'
import { EventEncoder } from '@ag-ui/encoder'
import { run } from './run.ts'

export interface AgentOptions {
  /** The port; 0 takes a free one. */
  port?: number
  log?: (line: string) => void
}

export interface Agent {
  url: string
  close(): Promise<void>
}

/**
 * Starts an AG-UI agent over server-sent events. It has no login, so every program of this machine
 * may use it.
 */
export async function startAgent({ port = 0, log = () => {} }: AgentOptions = {}): Promise<Agent> {
  const server = createServer((request, response) => {
    if (!isFromThisMachine(request)) reply(response, 403, { error: 'this agent is for programs of this machine' })
    else if (request.method === 'POST' && request.url === '/') answer(request, response, log)
    else if (request.method === 'GET' && request.url === '/health') reply(response, 200, { status: 'ok' })
    else reply(response, 404, { error: 'not found' })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Tells whether a request is not from a web page, and its Host is an address of this machine. */
function isFromThisMachine({ headers }: IncomingMessage): boolean {
  return headers.origin === undefined && /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/.test(headers.host ?? '')
}

async function answer(request: IncomingMessage, response: ServerResponse, log: (line: string) => void): Promise<void> {
  const parsed = RunAgentInputSchema.safeParse(await json(request).catch(() => undefined))
  if (!parsed.success) {
    reply(response, 422, { error: 'the body is not a RunAgentInput', issues: parsed.error.issues })
    return
  }
  const input = parsed.data as RunAgentInput

  const left = new AbortController()
  response.on('close', () => left.abort())
  const encoder = new EventEncoder()
  response.writeHead(200, { 'content-type': encoder.getContentType(), 'cache-control': 'no-cache' })

  log(`run ${input.runId} started`)
  try {
    for await (const event of run(input, left.signal)) {
      if (!response.write(encoder.encodeSSE(event))) await once(response, 'drain', { signal: left.signal })
    }
    log(`run ${input.runId} finished`)
  } catch (error) {
    log(`run ${input.runId} stopped: ${left.signal.aborted ? 'the client left' : error}`)
    if (left.signal.aborted) return
    response.write(encoder.encodeSSE({ type: EventType.RUN_ERROR, message: 'the agent failed' }))
  }
  response.end()
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

if (import.meta.main) {
  const { url } = await startAgent({ port: Number(process.env.PORT ?? 8000), log: (line) => console.log(line) })
  console.log(`AG-UI agent at ${url}`)
}
