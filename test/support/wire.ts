import { once } from 'node:events'
import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A request that a wire origin read off its socket. */
export interface WireRequest {
  readonly method: string
  readonly url: URL
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

export interface WireOrigin {
  readonly url: string
  readonly received: WireRequest[]
  readonly sockets: ReadonlySet<Socket>
  close(): Promise<void>
}

/**
 * An origin that writes its replies to the socket by hand: where framing, and the way a connection
 * ends, are the matter.
 */
export async function startWireOrigin(
  reply: (socket: Socket, request: WireRequest) => void | Promise<void>,
): Promise<WireOrigin> {
  const received: WireRequest[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
    let buffer = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      buffer = Buffer.concat([buffer, chunk])
      for (let read = readRequest(buffer); read; read = readRequest(buffer)) {
        buffer = buffer.subarray(read.size)
        received.push(read.request)
        void reply(socket, read.request)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    sockets,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function readRequest(buffer: Buffer): { request: WireRequest; size: number } | undefined {
  const headEnd = buffer.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [first = '', ...lines] = buffer.subarray(0, headEnd).toString('latin1').split('\r\n')
  const [method = '', target = ''] = first.split(' ')
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const start = headEnd + 4
  const length = Number(headers.get('content-length') ?? 0)
  if (buffer.byteLength < start + length) return undefined
  const body = buffer.subarray(start, start + length).toString()
  return { request: { method, url: new URL(target, 'http://origin'), headers, body }, size: start + length }
}

export const head = (status: string, headers: Readonly<Record<string, string>> = {}): string =>
  [`HTTP/1.1 ${status}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n')

export const chunk = (bytes: Uint8Array | string): Buffer => {
  const data = Buffer.from(bytes as string)
  return Buffer.concat([Buffer.from(`${data.byteLength.toString(16)}\r\n`), data, Buffer.from('\r\n')])
}

export const lastChunk = '0\r\n\r\n'

export interface WireReply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly message: IncomingMessage
  /** Bytes so far. */
  bytes(): Buffer
  text(): string
  /** Waits until the text so far has this in it. */
  has(part: string): Promise<void>
  /** `broken`: the framing did not end as HTTP says it must. */
  readonly end: Promise<'whole' | 'broken'>
  reset(): void
  /** Closes without a reset: what a process that ends in good order does. */
  leave(): void
}

export interface WireCall {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Keeps connections; without one, each call has its own. */
  readonly agent?: Agent
  /** Sees the request before its reply is there. */
  readonly onRequest?: (request: ClientRequest) => void
}

/** A request whose reply can be watched and dropped in every way. */
export async function call(
  url: string,
  { method, headers, body, agent, onRequest }: WireCall = {},
): Promise<WireReply> {
  const outgoing = request(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    agent: agent ?? false,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...headers,
    },
  })
  const replied = once(outgoing, 'response') as Promise<[IncomingMessage]>
  onRequest?.(outgoing)
  outgoing.end(body)
  const [message] = await replied
  const parts: Buffer[] = []
  message.on('data', (part: Buffer) => parts.push(part))
  const end = new Promise<'whole' | 'broken'>((resolve) => {
    message.on('error', () => undefined)
    message.on('close', () => resolve(message.complete ? 'whole' : 'broken'))
  })
  outgoing.on('error', () => undefined)
  const bytes = () => Buffer.concat(parts)
  const text = () => bytes().toString()
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    message,
    bytes,
    text,
    async has(part) {
      while (!text().includes(part)) {
        const ended = await Promise.race([once(message, 'data').then(() => false), end.then(() => true)])
        if (ended && !text().includes(part)) throw new Error(`the reply ended without ${part}: ${text()}`)
      }
    },
    end,
    reset: () => message.socket.resetAndDestroy(),
    leave: () => {
      message.socket.end()
      message.socket.destroy()
    },
  }
}
