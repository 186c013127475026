import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync, brotliCompressSync, deflateSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type IdentityProvider, startIdentityProvider } from '../../examples/identity-provider/provider.ts'
import { bearer, issuerOf, openHttp, routeOf } from '../support/fixtures'
import { startGateway, type TestGateway } from '../support/gateway'
import { call, chunk, head, lastChunk, startWireOrigin, type WireOrigin } from '../support/wire'

let provider: IdentityProvider
let origin: WireOrigin
let gateway: TestGateway
let headers: Record<string, string>

beforeAll(async () => {
  provider = await startIdentityProvider()
  origin = await startWireOrigin(async (socket, { url }) => {
    const kind = url.searchParams.get('kind') ?? ''
    const wait = Number(url.searchParams.get('wait') ?? 0)
    const q = url.searchParams.get('q') ?? ''
    const json = '{"ok":true,"q":"' + q + '"}'
    if (kind === '103') {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n')
      await sleep(wait)
      socket.write(head('200 OK', { 'content-type': 'application/json', 'content-length': String(json.length) }) + json)
    } else if (kind === '100') {
      socket.write('HTTP/1.1 100 Continue\r\n\r\n')
      await sleep(wait)
      socket.write(head('200 OK', { 'content-type': 'application/json', 'content-length': String(json.length) }) + json)
    } else if (kind === 'cl-cut') {
      socket.write(head('200 OK', { 'content-type': 'application/json', 'content-length': '1000' }) + json)
      await sleep(50)
      socket.destroy()
    } else if (kind === 'chunk-cut') {
      socket.write(head('200 OK', { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }) + chunk(json))
      await sleep(50)
      socket.destroy()
    } else if (kind === 'refuse') {
      socket.destroy()
    } else if (kind in encoders) {
      const body = encoders[kind]!(json.repeat(50))
      socket.write(head('200 OK', { 'content-type': q === 'sse' ? 'text/event-stream' : 'application/json', 'content-encoding': kind.replace('-x', ''), 'content-length': String(body.length) }))
      socket.write(body)
    } else if (kind === 'bighead') {
      socket.write(head('200 OK', { 'content-type': 'application/json', etag: 'x'.repeat(Number(q)), 'content-length': '2' }) + '{}')
    } else socket.write(head('200 OK', { 'content-length': String(json.length) }) + json)
  })
  gateway = await startGateway({ routes: [routeOf(openHttp(origin.url), [issuerOf(provider.issuer)])] })
  headers = bearer(await provider.token('alice'))
})
const encoders: Record<string, (s: string) => Buffer> = {
  gzip: (s) => gzipSync(s),
  br: (s) => brotliCompressSync(s),
  deflate: (s) => deflateSync(s),
  zstd: (s) => zstdCompressSync(s),
  'gzip, br': (s) => brotliCompressSync(gzipSync(s)),
  'x-gzip': (s) => gzipSync(s),
  GZIP: (s) => gzipSync(s),
  identity: (s) => Buffer.from(s),
}
afterAll(async () => {
  await gateway?.close()
  await origin?.close()
  await provider?.close()
})

it('x', async () => {
  for (const q of ['kind=103&wait=0&q=a', 'kind=none&q=b', 'kind=103&wait=200&q=c', 'kind=none&q=d', 'kind=none&q=d2', 'kind=100&q=e','kind=100&wait=100&q=e2', 'kind=none&q=f', 'kind=cl-cut', 'kind=chunk-cut', 'kind=refuse', ...Object.keys(encoders).map((k) => 'kind=' + encodeURIComponent(k)), 'kind=gzip&q=sse', 'kind=bighead&q=7000', 'kind=bighead&q=30000', 'kind=bighead&q=70000', 'kind=bighead&q=300000', 'kind=none&q=z']) {
    try {
    const reply = await call(`${gateway.url}/agents/http/x?${q}`, { headers })
    const end = await Promise.race([reply.end, sleep(2000).then(() => 'timeout')])
    console.log(q, reply.status, end, reply.text().length, reply.text().slice(0, 160), reply.headers['content-encoding'], reply.headers['content-length'], reply.headers['transfer-encoding'])
    } catch (e) { console.log(q, 'threw', String(e)) }
    if (q.includes('wait=200')) console.log('received', origin.received.length)
  }
  console.log(gateway.logs.filter((l) => !l.startsWith('{')).slice(0, 20), origin.received.length)
  console.log(gateway.audit.map((a) => [a.status, a.code, a.reason, a.stream]).filter((x) => x[0] !== 200))
})
