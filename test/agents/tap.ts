import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** A request as it passed. */
export interface TappedCall {
  /** The method, and the path with its query: `GET /tasks`. */
  readonly line: string
  readonly headers: IncomingHttpHeaders
  readonly body: { readonly messages: readonly { readonly role: string; readonly content?: unknown }[] }
  /** Whether the reply was read to its end, or the caller left before. */
  outcome: 'running' | 'complete' | 'left'
}

export interface Tap {
  readonly url: string
  /** The messages that have passed, oldest first. */
  readonly calls: TappedCall[]
  close(): Promise<void>
}

/** Stands before a server, passes everything on as it is, and keeps what was asked. */
export async function startTap(to: string): Promise<Tap> {
  const calls: TappedCall[] = []
  const server = createServer(async (incoming, reply) => {
    const { method, headers } = incoming
    const body = await buffer(incoming)
    const call: TappedCall = {
      line: `${method} ${incoming.url}`,
      headers,
      body: JSON.parse(body.toString() || '{"messages":[]}'),
      outcome: 'running',
    }
    calls.push(call)
    const onward = request(to + incoming.url, { method, headers })
    onward.on('response', (answer) => {
      reply.writeHead(answer.statusCode ?? 0, answer.headers).flushHeaders()
      answer.pipe(reply)
      answer.on('close', () => answer.complete || reply.destroy())
    })
    onward.on('error', () => reply.destroy())
    reply.on('close', () => {
      call.outcome = reply.writableFinished ? 'complete' : 'left'
      onward.destroy()
    })
    onward.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
