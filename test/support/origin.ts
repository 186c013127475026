import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A request as it arrived on the wire. */
export interface Received {
  readonly method: string
  /** Path and query as they stood in the request line. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void | Promise<void>

/**
 * An origin that records everything it receives. It stands where an agent would, to see what
 * reaches one.
 */
export interface RecordingOrigin {
  readonly url: string
  readonly received: Received[]
  /** How many connections were torn down by the other side while a reply was under way. */
  readonly aborted: () => number
  last(): Received
  handle(handler: Handler): void
  close(): Promise<void>
}

const echo: Handler = (_request, response) => {
  response.setHeader('content-type', 'application/json')
  response.end('{"ok":true}')
}

export async function startOrigin(first: Handler = echo): Promise<RecordingOrigin> {
  let handler = first
  let aborted = 0
  const received: Received[] = []
  const sockets = new Set<Socket>()
  const server = createServer(async (request, response) => {
    response.on('close', () => {
      if (!response.writableFinished) aborted++
    })
    const parts: Buffer[] = []
    try {
      for await (const part of request) parts.push(part as Buffer)
    } catch {
      return
    }
    const body = Buffer.concat(parts).toString()
    const { method = '', url = '', headers, rawHeaders } = request
    received.push({ method, url, headers, rawHeaders, body })
    await handler(request, response, body)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    aborted: () => aborted,
    last() {
      const last = received.at(-1)
      if (!last) throw new Error('the origin received nothing')
      return last
    },
    handle(next) {
      handler = next
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Begins a stream of server-sent events. */
export function beginEvents(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.flushHeaders()
}
