import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { decodeJwt } from 'jose'
import { TARGET_HEADER } from '../local'
import { MOST_HEADER_BYTES, passOn, passOnUpgrade } from './pass-on'
import type { Observed, Received } from './received'

export interface Recorder {
  readonly url: string
  /** Returns the requests with this id, oldest first. */
  received(id: string): readonly Received[]
  /** Limits forwarding to these agents, given by scheme and host. */
  allow(agents: readonly string[]): void
  readonly close: () => Promise<void>
}

const REMEMBERED = 200
const BODY_CHARACTERS = 200_000

/**
 * Starts a local server between the gateway and its agents. It forwards everything unchanged, and
 * remembers the last requests.
 * @param observe receives the agents' answers
 */
export async function startRecorder(observe: (observed: Observed) => void): Promise<Recorder> {
  const remembered: Received[] = []
  let allowed: readonly string[] = []
  const targetOf = (request: IncomingMessage): string | undefined => {
    const target = request.headers[TARGET_HEADER]
    // The recorder accepts only requests of the gateway, which have no `Origin` header. Those from
    // a web page have one. Other host names that resolve to this machine (DNS rebinding) are
    // refused too.
    const isGateway = request.headers.origin === undefined && /^127\.0\.0\.1:\d+$/.test(request.headers.host ?? '')
    return isGateway && typeof target === 'string' && allowed.includes(target) ? target : undefined
  }
  const remember = (request: IncomingMessage, target: string): Received => {
    const record = describe(request, target)
    remembered.push(record)
    if (remembered.length > REMEMBERED) remembered.shift()
    return record
  }
  const server = createServer({ maxHeaderSize: MOST_HEADER_BYTES }, (request, response) => {
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
