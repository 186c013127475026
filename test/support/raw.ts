import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'

/** A connection for requests that no client would make, and all that has come back on it. */
export async function openRaw(url: string): Promise<{ readonly socket: Socket; answer(): string }> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  await once(socket, 'connect')
  let answer = ''
  socket.on('data', (data) => {
    answer += data.toString('latin1')
  })
  socket.on('error', () => undefined)
  return { socket, answer: () => answer }
}

/** Sends bytes as they are, and gives all that comes back. */
export async function sendRaw(url: string, bytes: string | Buffer, waitMs = 1000): Promise<string> {
  const { socket, answer } = await openRaw(url)
  socket.on('end', () => socket.end())
  socket.write(bytes)
  await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, waitMs))])
  socket.destroy()
  return answer()
}

export interface PlainReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/**
 * A request with exactly this path, these header lines and this method: `fetch` would tidy them up.
 */
export async function plainRequest(
  url: string,
  options: { path: string; method?: string; headers?: Record<string, string | string[]>; body?: string },
): Promise<PlainReply> {
  const { hostname, port } = new URL(url)
  const { path, method = 'GET', headers = {}, body } = options
  const sent = request({ hostname, port, path, method, headers, setHost: !('host' in headers) })
  sent.end(body)
  const [response] = await once(sent, 'response')
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}
