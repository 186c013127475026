import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { credentialsOut } from '../../src/origin/credentials-out'
import { openHttp, routeOf } from '../support/fixtures'
import { beginEvents } from '../support/origin'
import { agentsPart } from '../support/streams'
import { json, openWorld, type World } from '../support/world'

const SECRET = 's3cret-of-the-agent'
let world: World

beforeAll(async () => {
  world = await openWorld(
    ({ origin: { url }, trust }) => {
      const credential = { header: 'x-api-key', secret: 'AGENT_KEY' }
      return [
        routeOf({ ...openHttp(url), credential }, trust),
        routeOf({ kind: 'maf', origin: { url }, credential }, trust),
        routeOf({ kind: 'langgraph', origin: { url }, credential }, trust, { threads: 'shared' }),
        routeOf({ kind: 'a2a', origin: { url }, credential }, trust),
      ]
    },
    { vars: { AGENT_KEY: SECRET } },
  )
})
afterAll(() => world?.close())

/** The credentials that the agent was sent, in the order that a debug page would list it in. */
type Credentials = { readonly assertion: string; readonly secret: string }

function answering(
  status: number,
  headers: Record<string, string>,
  body: (sent: Credentials) => string | Buffer,
): void {
  world.origin.handle((request, response) => {
    const assertion =
      String(request.headers['x-sallyport-assertion'] ?? '') ||
      String(request.headers.authorization ?? '').replace('Bearer ', '')
    expect(assertion).toMatch(/^ey/)
    const sent = { assertion, secret: String(request.headers['x-api-key']) }
    const text = (value: string) => value.replace('<assertion>', sent.assertion).replace('<secret>', sent.secret)
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, text(value))
    response.writeHead(status).end(body(sent))
  })
}

/** Asks an agent, and looks at all that came back and at the audit line. */
async function asked(path: string, body?: unknown) {
  const reply = await world.as('alice', path, body === undefined ? {} : json(body))
  const bytes = Buffer.from(await reply.arrayBuffer())
  const { warning } = await world.gateway.auditOf(reply)
  return { reply, bytes, text: bytes.toString(), warning }
}

const page = ({ assertion, secret }: Credentials) =>
  `Error\nx-api-key: ${secret}\nx-sallyport-assertion: ${assertion}\n`
const CLEARED = 'Error\nx-api-key: [removed]\nx-sallyport-assertion: [removed]\n'
const run = { threadId: 't', runId: 'r', messages: [] }

describe('credentials that the gateway adds (invariant 20)', () => {
  it.each([
    ['http', '/agents/http/x', undefined],
    ['maf', '/agents/maf', run],
    ['langgraph', '/agents/langgraph/threads/t', undefined],
    ['a2a', '/agents/a2a', { jsonrpc: '2.0', id: 1, method: 'GetTask', params: { id: 't' } }],
  ])(
    'a credential that the gateway sent is removed from an error, and the audit line says so: %s',
    async (_kind, path, body) => {
      for (const status of [400, 500]) {
        answering(status, { 'content-type': 'text/plain' }, page)
        const { reply, text, warning } = await asked(path, body)
        expect([reply.status, text, warning]).toEqual([status, CLEARED, 'credential-echoed'])
      }
    },
  )

  it('a credential that the gateway sent is removed from the headers of an answer', async () => {
    answering(200, { etag: '"<secret>-1"', 'content-type': 'x/<assertion>' }, () => 'ok')
    const { reply, warning } = await asked('/agents/http/x')
    expect([reply.headers.get('etag'), reply.headers.get('content-type')]).toEqual(['"[removed]-1"', 'x/[removed]'])
    expect(warning).toBe('credential-echoed')
  })

  it('a credential that the gateway sent is removed from events of a stream that is read', async () => {
    world.origin.handle((request, response) => {
      beginEvents(response)
      const { authorization } = request.headers
      response.end(`data: ${JSON.stringify({ type: 'CUSTOM', name: 'x', value: [authorization, SECRET] })}\n\n`)
    })
    const { text, warning } = await asked('/agents/maf', run)
    expect(agentsPart(Buffer.from(text)).toString()).toBe(
      `data: ${JSON.stringify({ type: 'CUSTOM', name: 'x', value: ['Bearer [removed]', '[removed]'] })}\n\n`,
    )
    expect(warning).toBe('credential-echoed')
  })

  it('a credential that the gateway sent is removed from an A2A answer that is read', async () => {
    answering(200, { 'content-type': 'application/json' }, ({ secret }) => JSON.stringify({ result: { note: secret } }))
    const { text } = await asked('/agents/a2a', { jsonrpc: '2.0', id: 1, method: 'GetTask', params: { id: 't' } })
    expect(text).toBe('{"result":{"note":"[removed]"}}')
  })

  it('a credential that the gateway sent is removed from a compressed error', async () => {
    answering(500, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }, (sent) => gzipSync(page(sent)))
    expect((await asked('/agents/http/x')).text).toBe(CLEARED)
  })

  it('a long error passes up to 64 KiB, without any part of a credential that the gateway sent', async () => {
    for (const before of [65_000, 65_520, 65_530, 65_536, 70_000]) {
      answering(500, { 'content-type': 'text/plain' }, ({ secret }) => 'x'.repeat(before) + secret.repeat(20_000))
      const { bytes, text } = await asked('/agents/http/x')
      expect(bytes.byteLength).toBeLessThanOrEqual(65_536)
      expect(bytes.byteLength).toBeGreaterThan(60_000)
      expect(text.replaceAll('[removed]', '')).toMatch(/^x+$/)
    }
  })

  it('a credential that the gateway sent stays in a successful answer that passes unread', async () => {
    answering(200, { 'content-type': 'text/plain' }, ({ secret }) => secret)
    expect(await asked('/agents/http/x')).toMatchObject({ text: SECRET, warning: undefined })
  })

  it('an error without a credential that the gateway sent passes byte for byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 5_000 }, (_, index) => index % 256))
    answering(500, { 'content-type': 'application/octet-stream' }, () => bytes)
    const got = await asked('/agents/http/x')
    expect([got.bytes.equals(bytes), got.warning]).toEqual([true, undefined])
  })

  it('removing a credential from binary data changes no other byte of the data', () => {
    const binary = Buffer.concat([Buffer.from([0, 255, 128]), Buffer.from(SECRET), Buffer.from([200, 10])])
    let echoes = 0
    const out = credentialsOut([SECRET], () => echoes++)
    expect([...out.bytes(binary, true)]).toEqual([0, 255, 128, ...Buffer.from('[removed]'), 200, 10])
    expect(echoes).toBe(1)
  })

  it('a credential with fewer than eight characters is not removed from a text', () => {
    const out = credentialsOut(['1234567', '12345678'], () => undefined)
    expect(out.text('1234567 12345678')).toBe('1234567 [removed]')
  })
})
