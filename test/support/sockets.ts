import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server that takes WebSockets, and says nothing on them. */
export interface SilentSockets {
  readonly url: string
  /** How many of them have closed. */
  closed(): number
  close(): void
}

export async function startSilentSockets(): Promise<SilentSockets> {
  let closed = 0
  const server = createServer()
  server.on('upgrade', (request: IncomingMessage, socket) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
    socket.write([...lines, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'))
    socket.on('error', () => undefined).on('end', () => socket.end())
    socket.on('close', () => closed++)
    socket.resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    closed: () => closed,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
