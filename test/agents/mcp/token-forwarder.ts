import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { NodeServer } from '../../support/node-server'
import type { SignedIn } from '../../support/world'

/**
 * Stands before the gateway for a client that cannot send a token, and adds one to each request.
 * All else passes as it is, the host included, so this address is the gateway's public one.
 */
export async function startTokenForwarder(port: number, to: string, person: SignedIn): Promise<NodeServer> {
  const server = createServer((incoming, reply) => {
    const { method, url, headers } = incoming
    const onward = request(to + url, { method, headers: { ...headers, ...person } })
    onward.on('response', (answer) => {
      reply.writeHead(answer.statusCode ?? 0, answer.headers).flushHeaders()
      answer.pipe(reply)
      answer.on('close', () => answer.complete || reply.destroy())
    })
    onward.on('error', () => reply.destroy())
    reply.on('close', () => onward.destroy())
    incoming.pipe(onward)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
