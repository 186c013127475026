import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { decodeJwt } from 'jose'

/** One request as it arrived on the wire. */
export interface Received {
  /** Which agent it was for: the route's id. */
  agent: string
  /** The `jti` of the assertion that came along, which is the gateway's request id. */
  id: string | undefined
  at: Date
  method: string
  path: string
  headers: [name: string, value: string][]
  body: string
  assertion: { token: string; header: string } | undefined
}

export interface TapOptions {
  agent: string
  port: number
  /** Where the agent really is. */
  target: string
}

export interface Tap {
  received(id: string): Received[]
  close(): Promise<void>
}

const REMEMBERED = 50
const BODY_CHARACTERS = 200_000

/** Stands between gateway and agent, forwards everything as it comes, and remembers the last requests. Local only. */
export async function startTap({ agent, port, target }: TapOptions): Promise<Tap> {
  const remembered: Received[] = []
  const server = createServer((request, response) => {
    // The gateway sends no Origin. A web page that reaches this port does, and a name that leads here is no reason to let it in.
    if (!isFromThisMachine(request)) {
      response.writeHead(403).end()
      return
    }
    const record = describe(request, agent)
    remembered.push(record)
    if (remembered.length > REMEMBERED) remembered.shift()
    const decoder = new StringDecoder()
    request.on('data', (chunk) => {
      if (record.body.length < BODY_CHARACTERS) record.body += decoder.write(chunk)
    })
    forward(request, response, target)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  return {
    received: (id) => remembered.filter((record) => record.id === id),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Whether a request is not a web page's, and was sent to an address of this machine by its own name. */
function isFromThisMachine({ headers }: IncomingMessage): boolean {
  return headers.origin === undefined && /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/.test(headers.host ?? '')
}

function describe(request: IncomingMessage, agent: string): Received {
  const headers: [string, string][] = []
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    headers.push([request.rawHeaders[index] ?? '', request.rawHeaders[index + 1] ?? ''])
  }
  const assertion = findAssertion(request)
  return {
    agent,
    id: assertion && jtiOf(assertion.token),
    at: new Date(),
    method: request.method ?? '',
    path: request.url ?? '',
    headers,
    body: '',
    assertion,
  }
}

function jtiOf(token: string): string | undefined {
  try {
    return decodeJwt(token).jti
  } catch {
    return undefined
  }
}

function findAssertion({ headers }: IncomingMessage): Received['assertion'] {
  const candidates = {
    'x-sallyport-assertion': headers['x-sallyport-assertion']?.toString(),
    authorization: /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1],
  }
  for (const [header, token] of Object.entries(candidates)) {
    if (token?.split('.').length === 3) return { token, header }
  }
  return undefined
}

function forward(request: IncomingMessage, response: ServerResponse, target: string): void {
  const { hostname, port, host } = new URL(target)
  const onward = httpRequest({
    hostname,
    port,
    method: request.method,
    path: request.url,
    headers: { ...request.headers, host },
  })
  onward.on('response', (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.rawHeaders)
    // Breaks the one side when the other breaks: a cut stream stays visible, and an agent learns that its client left.
    pipeline(reply, response, () => {})
  })
  onward.on('error', () => {
    if (response.headersSent) response.destroy()
    else response.writeHead(502).end()
  })
  response.on('close', () => onward.destroy())
  pipeline(request, onward, () => {})
}
