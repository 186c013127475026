import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHttp, routeOf } from '../support/fixtures'
import { sendRaw } from '../support/raw'
import { json, openWorld, type World } from '../support/world'

/** An origin that takes WebSockets: it completes the handshake and echoes nothing. */
const hits: string[] = []
const server = createServer((_request, response) => response.end('{}'))
server.on('upgrade', (request, socket) => {
  hits.push(`${request.url} ${JSON.stringify(request.headers)}`)
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  // A text frame that says "hi".
  socket.write(Buffer.from([0x81, 2, 0x68, 0x69]))
})

let world: World

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  world = await openWorld(({ issuer }) => [
    routeOf(openHttp(url), [issuer]),
    routeOf({ kind: 'langgraph', origin: { url } }, [issuer], { threads: 'shared' }),
    routeOf({ kind: 'mcp', origin: { url } }, [issuer]),
    routeOf(
      {
        kind: 'http',
        origin: { url },
        endpoints: [{ operation: 'events', method: 'GET', path: '/ws', websocket: true }],
      },
      [issuer],
      { id: 'ws', path: '/ws', cors: { origins: ['https://app.example.com'] } },
    ),
    routeOf(
      {
        kind: 'http',
        origin: { url },
        endpoints: [{ operation: 'events', method: 'GET', path: '/ws', websocket: true }],
      },
      [issuer],
      { id: 'no-cors', path: '/no-cors' },
    ),
  ])
})
afterAll(async () => {
  await world?.close()
  server.closeAllConnections()
  server.close()
})

const handshake = async (path: string, more: string[] = []) => {
  const { host } = new URL(world.gateway.url)
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...more,
  ]
  return sendRaw(world.gateway.url, `${lines.join('\r\n')}\r\n\r\n`, 600)
}

it('a WebSocket upgrade without a token gets 401 and does not reach the origin (T30)', async () => {
  for (const path of ['/agents/http/x', '/ws/ws']) expect(await handshake(path)).toMatch(/^HTTP\/1.1 401 /)
  expect(hits).toEqual([])
})

it('a WebSocket upgrade with a token gets 426 if the endpoint does not allow upgrades (T30)', async () => {
  const authorization = `Authorization: Bearer ${await world.token('alice')}`
  const answer = await handshake('/agents/http/x', [authorization])
  expect(answer).toMatch(/^HTTP\/1.1 426 /)
  expect(answer).toContain('upgrade-refused')
  expect(hits).toEqual([])
})

it('a WebSocket upgrade gets 426 if the route offers the address for another method only', async () => {
  const authorization = `Authorization: Bearer ${await world.token('alice')}`
  const answer = await handshake('/agents/langgraph/threads/t/stream/events', [authorization])
  expect(answer).toMatch(/^HTTP\/1.1 426 /)
})

it('a page of the gateway may open WebSockets and use MCP even if no route lists its web origin', async () => {
  const { origin } = new URL(world.gateway.url)
  const before = hits.length
  const authorization = `Authorization: Bearer ${await world.token('alice')}`
  expect(await handshake('/no-cors/ws', [authorization, `Origin: ${origin}`])).toMatch(/^HTTP\/1.1 101 /)
  expect(hits.splice(before)).toHaveLength(1)
  for (const [page, status] of [
    [origin, 200],
    [`${origin}0`, 403],
    [origin.replace('http:', 'https:'), 403],
  ] as const) {
    const body = { jsonrpc: '2.0', id: 1, method: 'ping' }
    expect((await world.as('alice', '/agents/mcp', json(body, { origin: page }))).status).toBe(status)
  }
})

it('a page of another site cannot open a WebSocket, and a token in the subprotocol is dropped (T30)', async () => {
  const token = await world.token('alice')
  const authorization = `Authorization: Bearer ${token}`
  for (const path of ['/ws/ws', '/no-cors/ws']) {
    expect(await handshake(path, [authorization, 'Origin: https://evil.test'])).toMatch(/^HTTP\/1.1 403 /)
  }
  expect(hits).toEqual([])
  const answer = await handshake('/ws/ws', [
    authorization,
    'Origin: https://app.example.com',
    `Sec-WebSocket-Protocol: ${token}`,
  ])
  expect(answer).toMatch(/^HTTP\/1.1 101 /)
  expect(answer).toContain('hi')
  expect(answer).not.toContain(token)
  expect(hits).toHaveLength(1)
  expect(hits[0]).not.toContain(token)
  expect(hits[0]).toContain('x-sallyport-assertion')
})

it('the gateway never forwards an upgrade to HTTP/2 (T31)', async () => {
  const { host } = new URL(world.gateway.url)
  const answer = await sendRaw(
    world.gateway.url,
    `GET /agents/http/x HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${await world.token('alice')}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
    400,
  )
  expect(answer).not.toMatch(/^HTTP\/1.1 101 /)
  expect(hits).toHaveLength(1)
})
