import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bearer, openHttp, routeOf } from '../support/fixtures'
import { startGateway, type TestGateway } from '../support/gateway'
import { refused } from '../support/refusal'
import { json, openWorld, type World } from '../support/world'

let world: World

beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world?.close())

const BODY = { threadId: 't', runId: 'r', messages: [] }

/** Runs with a gateway of every sharing, and with this secret. */
async function withSecret<T>(secret: string | undefined, use: (gateway: TestGateway) => Promise<T>): Promise<T> {
  const [url, trust] = [world.origin.url, [world.issuer]]
  const routes = [
    routeOf(openHttp(url), trust),
    routeOf({ kind: 'langgraph', origin: { url } }, trust),
    routeOf({ kind: 'ag2', origin: { url } }, trust, { threads: 'tenant' }),
    routeOf({ kind: 'ag-ui', origin: { url } }, trust, { threads: 'shared' }),
    { id: 'open', path: '/open', agent: { kind: 'ag2', origin: { url } }, public: true },
  ] as const
  const gateway = await startGateway({ routes, vars: { THREAD_SECRET: secret } })
  try {
    return await use(gateway)
  } finally {
    await gateway.close()
  }
}

describe.each([
  ['missing', undefined, 'THREAD_SECRET is not set'],
  ['empty', '', 'THREAD_SECRET is not set'],
  ['short', 'secretive'.padEnd(31, 'x'), 'THREAD_SECRET has fewer than 32 characters'],
])('gateways with a thread secret that is %s (T36)', (_how, secret, reason) => {
  it('an unusable thread secret closes only the routes that separate threads, and no log quotes it', () =>
    withSecret(secret, async (gateway) => {
      const headers = bearer(await world.token('alice'))
      const run = (signedIn = {}) => json(BODY, signedIn as Record<string, string>)
      const thread = `/agents/langgraph/threads/${crypto.randomUUID()}`
      const before = world.origin.received.length
      for (const reply of [
        await gateway.fetch(thread, { headers }),
        await gateway.fetch('/agents/langgraph/threads', run(headers)),
        await gateway.fetch('/agents/ag2', run(headers)),
      ]) {
        expect(reply.headers.get('retry-after')).toBe('60')
        expect(await refused(reply)).toEqual({ status: 503, code: 'configuration-incomplete' })
        expect((await gateway.auditOf(reply)).reason).toBe('THREAD_SECRET')
      }
      expect(world.origin.received.length).toBe(before)
      expect((await gateway.fetch('/agents/http/x', { headers })).status).toBe(200)
      expect((await gateway.fetch('/agents/ag-ui', run(headers))).status).toBe(200)
      expect((await gateway.fetch('/open', run())).status).toBe(200)

      const health = await gateway.fetch('/.sallyport/health')
      expect(health.status).toBe(503)
      expect(await health.json()).toEqual({ live: true, ready: false })
      expect(gateway.unready()).toEqual([
        {
          event: 'not-ready',
          reason,
          routes: ['langgraph', 'ag2'],
          remedy: expect.stringContaining('sallyport keys threads'),
        },
      ])
      expect(gateway.logs.join('\n')).not.toContain('secretive')
    }))
})

it('a thread secret of 32 characters is accepted', () =>
  withSecret('x'.repeat(32), async (gateway) => {
    expect((await gateway.fetch('/.sallyport/health')).status).toBe(200)
    const reply = await gateway.fetch('/agents/ag2', json(BODY, bearer(await world.token('alice'))))
    expect(reply.status).toBe(200)
  }))

describe('rotation of the thread secret', () => {
  const SESSION = 'mcp-session-id'
  const [first, second, third] = ['first', 'second', 'third'].map((name) => `${name} secret of these tests, as useless`)

  it('derived thread ids survive rotations of the thread secret; a sealed session id ends at the second rotation', async () => {
    const { issuer, origin } = world
    const at = { origin: { url: origin.url } }
    const routes = [routeOf({ kind: 'mcp', ...at }, [issuer]), routeOf({ kind: 'ag-ui', ...at }, [issuer])]
    const headers = bearer(await world.token('alice'))
    const ping = json({ jsonrpc: '2.0', id: 1, method: 'ping' })
    const told: unknown[] = []
    let sealed = ''
    origin.handle((_request, response) => void response.setHeader(SESSION, 's-1').end())
    for (const secrets of [[first], [second, first], [third, second, first]]) {
      const gateway = await startGateway({ routes, vars: { THREAD_SECRET: secrets.join('\n') } })
      try {
        const mine = sealed && { [SESSION]: sealed }
        const reply = await gateway.fetch('/agents/mcp', { ...ping, headers: { ...ping.headers, ...headers, ...mine } })
        sealed ||= String(reply.headers.get(SESSION))
        const session = origin.last().headers[SESSION]
        await (await gateway.fetch('/agents/ag-ui', json(BODY, headers))).text()
        told.push([session, JSON.parse(origin.last().body).threadId])
      } finally {
        await gateway.close()
      }
    }
    const [[, thread]] = told as [[unknown, string]]
    const unknown = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/)
    expect(told).toEqual([
      [undefined, thread],
      ['s-1', thread],
      [unknown, thread],
    ])
  })
})
