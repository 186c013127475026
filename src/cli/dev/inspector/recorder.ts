import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Duplex, pipeline } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { decodeJwt } from 'jose'
import { TARGET_HEADER } from '../local'
import { EventsIn } from './events-in'

/** One request as it arrived on the wire. */
export interface Received {
  /** The `jti` of the assertion that came along, which is the gateway's request id. */
  readonly id: string | undefined
  /** The id of the route, by the assertion. */
  readonly route: string | undefined
  readonly at: Date
  /** Scheme and host of the agent. */
  readonly target: string
  readonly method: string
  readonly path: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  body: string
  /** Whether the agent took the connection. */
  hasArrived: boolean
  readonly assertion: { readonly token: string; readonly header: string } | undefined
}

/** An agent's answer, while it passes: once as it begins, and again for each JSON in it. */
export interface Observed {
  readonly request: Received
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  /**
   * The data of an event, or a whole body, where it is JSON and not long. Undefined as the answer
   * begins.
   */
  readonly json?: unknown
}

export interface Recorder {
  readonly url: string
  /** The requests that came with this id, oldest first. */
  received(id: string): readonly Received[]
  /** Passes on to these agents, by scheme and host, and to no others. */
  allow(agents: readonly string[]): void
  readonly close: () => Promise<void>
}

const REMEMBERED = 200
const BODY_CHARACTERS = 200_000

/**
 * Stands between gateway and agents, passes everything on as it comes, and remembers the last
 * requests. Local only.
 * @param observe is told what agents answer
 */
export async function startRecorder(observe: (observed: Observed) => void): Promise<Recorder> {
  const remembered: Received[] = []
  let allowed: readonly string[] = []
  const targetOf = (request: IncomingMessage): string | undefined => {
    const target = request.headers[TARGET_HEADER]
    // The gateway sends no Origin. A web page that reaches this port does, and a name that leads
    // here is no reason to let it in.
    const isGateway = request.headers.origin === undefined && /^127\.0\.0\.1:\d+$/.test(request.headers.host ?? '')
    return isGateway && typeof target === 'string' && allowed.includes(target) ? target : undefined
  }
  const remember = (request: IncomingMessage, target: string): Received => {
    const record = describe(request, target)
    remembered.push(record)
    if (remembered.length > REMEMBERED) remembered.shift()
    return record
  }
  const server = createServer((request, response) => {
    const target = targetOf(request)
    if (target === undefined) {
      response.writeHead(403).end()
      return
    }
    const record = remember(request, target)
    const decoder = new StringDecoder()
    request.on('data', (chunk) => {
      if (record.body.length < BODY_CHARACTERS) record.body += decoder.write(chunk)
    })
    passOn(request, response, record, observe)
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const target = targetOf(request)
    if (target === undefined) socket.destroy()
    else passOnUpgrade(request, socket, head, remember(request, target))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).origin,
    received: (id) => remembered.filter((record) => record.id === id),
    allow(agents) {
      allowed = agents
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function describe(request: IncomingMessage, target: string): Received {
  const headers: [string, string][] = []
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(index, index + 2)
    const lower = name.toLowerCase()
    if (lower !== TARGET_HEADER) headers.push([name, lower === 'host' ? new URL(target).host : value])
  }
  const assertion = findAssertion(request)
  return {
    ...(assertion ? idsOf(assertion.token) : { id: undefined, route: undefined }),
    at: new Date(),
    target,
    method: request.method ?? '',
    path: request.url ?? '',
    headers,
    body: '',
    hasArrived: false,
    assertion,
  }
}

function idsOf(token: string): Pick<Received, 'id' | 'route'> {
  try {
    const { jti, rid } = decodeJwt(token)
    return { id: jti, route: typeof rid === 'string' ? rid : undefined }
  } catch {
    return { id: undefined, route: undefined }
  }
}

function findAssertion({ headers }: IncomingMessage): Received['assertion'] {
  const candidates = {
    'x-sallyport-assertion': headers['x-sallyport-assertion']?.toString(),
    'sallyport-assertion': headers['sallyport-assertion']?.toString(),
    authorization: /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1],
  }
  for (const [header, token] of Object.entries(candidates)) {
    if (token?.split('.').length === 3) return { token, header }
  }
  return undefined
}

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

function passOn(
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

function passOnUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, record: Received): void {
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
