import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { type Duplex, pipeline } from 'node:stream'
import { EventsIn } from './events-in'
import type { Observed, Received } from './received'

function open(record: Received) {
  const { target, method, path, headers } = record
  const { protocol, hostname, port } = new URL(target)
  const start = protocol === 'https:' ? httpsRequest : httpRequest
  const address = { hostname: hostname.replace(/^\[|\]$/g, ''), ...(port !== '' && { port }) }
  // A connection that is used again may have been closed by the agent meanwhile.
  const onward = start({ ...address, method, path, headers: headers.flat(), setDefaultHeaders: false, agent: false })
  onward.on('socket', (socket) =>
    socket.on('connect', () => {
      record.hasArrived = true
    }),
  )
  return onward
}

/** Sends a request to its agent, and the answer back, byte for byte. */
export function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  record: Received,
  observe: (observed: Observed) => void,
): void {
  const onward = open(record)
  onward.on('response', (reply) => {
    const status = reply.statusCode ?? 502
    response.writeHead(status, reply.statusMessage, reply.rawHeaders)
    const answer = { request: record, status, headers: reply.headers as Record<string, string | undefined> }
    observe(answer)
    const events = new EventsIn(reply.headers['content-type'] ?? '', (json) => observe({ ...answer, json }))
    reply.on('data', (chunk: Buffer) => events.write(chunk))
    reply.on('end', () => events.end())
    // Breaks the one side when the other breaks: a cut stream stays visible, and an agent learns
    // that its client left.
    pipeline(reply, response, () => {})
  })
  // A dead agent is told as one: by a connection that breaks before an answer.
  onward.on('error', () => response.destroy())
  response.on('close', () => onward.destroy())
  pipeline(request, onward, () => {})
}

/** The same for a WebSocket. */
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
  onward.on('response', (reply) => {
    socket.write(line(reply))
    pipeline(reply, socket, () => {})
  })
  onward.on('error', () => socket.destroy())
  request.socket.on('close', () => onward.destroy())
  onward.end()
}
