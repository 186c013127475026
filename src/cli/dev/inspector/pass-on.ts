import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { type Duplex, pipeline } from 'node:stream'
import { EventsIn } from './events-in'
import type { Observed, Received } from './received'

export const MOST_HEADER_BYTES = 256 * 1024

function open(record: Received) {
  const { target, method, path, headers } = record
  const { protocol, hostname, port } = new URL(target)
  const start = protocol === 'https:' ? httpsRequest : httpRequest
  const address = { hostname: hostname.replace(/^\[|\]$/g, ''), ...(port !== '' && { port }) }
  // `agent: false` prevents reuse of a connection that the AI agent may have closed. The limit for
  // headers and the parser are as lenient as the gateway's.
  const lenient = { maxHeaderSize: MOST_HEADER_BYTES, insecureHTTPParser: true }
  const given = { ...address, method, path, headers: headers.flat(), setDefaultHeaders: false, agent: false }
  const onward = start({ ...given, ...lenient })
  onward.on('socket', (socket) =>
    socket.on('connect', () => {
      record.hasArrived = true
    }),
  )
  return onward
}

/** Forwards a request to its agent, and the agent's answer to the gateway, without changes. */
export function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  record: Received,
  observe: (observed: Observed) => void,
): void {
  const onward = open(record)
  onward.on('response', (reply) => {
    const status = reply.statusCode ?? 502
    try {
      response.writeHead(status, reply.statusMessage, reply.rawHeaders)
    } catch {
      // If the answer is not valid HTTP, the gateway gets a broken connection.
      onward.destroy()
      response.destroy()
      return
    }
    const answer = { request: record, status, headers: reply.headers as Record<string, string | undefined> }
    observe(answer)
    const events = new EventsIn(reply.headers['content-type'] ?? '', (json) => observe({ ...answer, json }))
    reply.on('data', (chunk: Buffer) => events.write(chunk))
    reply.on('end', () => events.end())
    // `pipeline` closes each side when the other one breaks. So the gateway notices a stream that
    // was cut, and the agent notices that its client has disconnected.
    pipeline(reply, response, () => {})
  })
  // The caller did not request another protocol, so an agent that switches protocols makes an
  // error.
  onward.on('upgrade', (_reply, socket) => {
    socket.destroy()
    response.destroy()
  })
  // If the agent cannot be reached, the connection to the gateway breaks before an answer.
  onward.on('error', () => response.destroy())
  response.on('close', () => onward.destroy())
  pipeline(request, onward, () => {})
}

/** Forwards a request for a WebSocket to its agent, and then the data in both directions. */
export function passOnUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, record: Received): void {
  const onward = open(record)
  const line = (reply: IncomingMessage): string => {
    const headers = reply.rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`))
    return `HTTP/1.1 ${reply.statusCode} ${reply.statusMessage}\r\n${headers.join('')}\r\n`
  }
  onward.on('upgrade', (reply, behind, behindHead) => {
    socket.write(line(reply))
    if (behindHead.length > 0) socket.write(behindHead)
    if (head.length > 0) behind.write(head)
    pipeline(socket, behind, socket, () => {})
  })
  onward.on('response', async (reply) => {
    // The forwarded body is not chunked, so the end of the connection marks its end.
    const headers = reply.rawHeaders.flatMap((name, index) =>
      index % 2 === 0 && !/^(?:transfer-encoding|connection)$/i.test(name)
        ? [`${name}: ${reply.rawHeaders[index + 1]}`]
        : [],
    )
    socket.write(
      `HTTP/1.1 ${reply.statusCode} ${reply.statusMessage}\r\n${[...headers, 'connection: close'].join('\r\n')}\r\n\r\n`,
    )
    pipeline(reply, socket, () => {})
  })
  onward.on('error', () => socket.destroy())
  request.socket.on('close', () => onward.destroy())
  onward.end()
}
