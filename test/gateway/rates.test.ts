import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Policy } from '../../src/config/define'
import { policyWithExamples, routeOf } from '../support/fixtures'
import { json, openWorld, type World } from '../support/world'

/* Rates in workerd, by the platform's own limiter, which counts in windows of the clock. */

const PER_WINDOW = 4
/** So many requests fill the rest of one window and all of the next. */
const ENOUGH = 2 * PER_WINDOW + 1

let world: World

const limited = (id: string, rates: Policy['rates']): Policy =>
  policyWithExamples({ id, allow: [{ name: 'everybody', operations: ['*'] }], ...(rates && { rates }) })

beforeAll(async () => {
  const window = { binding: 'FOUR', most: PER_WINDOW, seconds: 60 as const }
  world = await openWorld(
    ({ trust, origin }) => {
      const route = (id: string, policy: Policy) =>
        routeOf({ kind: 'ag-ui', origin: { url: origin.url } }, trust, {
          id,
          path: `/agents/${id}`,
          policies: [policy],
          cors: { origins: ['https://app.example.com'] },
        })
      return [
        route('person', limited('by-person', [{ name: 'runs', per: 'person', operations: ['run.*'], ...window }])),
        route('address', limited('by-address', [{ name: 'all', per: 'address', ...window }])),
        route('free', limited('free', undefined)),
      ]
    },
    { rates: { FOUR: { limit: PER_WINDOW, period: 60 } } },
  )
})
afterAll(() => world?.close())

const input = { threadId: 't', runId: 'r', messages: [], tools: [], context: [], state: {} }
const headers = { 'cf-connecting-ip': '192.0.2.7', origin: 'https://app.example.com' }

/** Sends requests until one is refused. */
async function untilRefused(send: () => Promise<Response>): Promise<Response> {
  for (let sent = 0; sent < ENOUGH; sent++) {
    const reply = await send()
    if (reply.status === 429) return reply
    await reply.text()
  }
  throw new Error(`${ENOUGH} requests passed`)
}

describe('rates of routes', () => {
  it('a request over the rate gets 429 with the time to wait and RateLimit headers that pages can read', async () => {
    const send = () => world.as('alice', '/agents/person', json(input, headers))
    const first = await send()
    expect([first.status, first.headers.get('ratelimit-policy'), first.headers.get('ratelimit')]).toEqual([
      200,
      '"by-person/runs";q=4;w=60',
      null,
    ])
    await first.text()
    const before = world.origin.received.length
    const reply = await untilRefused(send)
    const wait = Number(reply.headers.get('retry-after'))
    expect(wait).toBeGreaterThanOrEqual(1)
    expect(wait).toBeLessThanOrEqual(60)
    expect(reply.headers.get('ratelimit')).toBe(`"by-person/runs";r=0;t=${wait}`)
    expect(reply.headers.get('ratelimit-policy')).toBe('"by-person/runs";q=4;w=60')
    expect(reply.headers.get('access-control-expose-headers')).toMatch(/\bratelimit\b.*\bratelimit-policy\b/)
    expect(await reply.json()).toMatchObject({
      code: 'rate-limited',
      retryAfter: wait,
      limit: { name: 'by-person/runs', most: 4 },
      rateLimit: { policy: '"by-person/runs";q=4;w=60', state: `"by-person/runs";r=0;t=${wait}` },
    })
    expect(await world.gateway.auditOf(reply)).toMatchObject({
      code: 'rate-limited',
      reason: 'by-person/runs',
      who: { subject: 'alice' },
    })
    expect(world.origin.received.length - before).toBeLessThan(ENOUGH)
  })

  it('other people can use a route while one person exceeds the rate of the route (F13)', async () => {
    const reply = await world.as('bob', '/agents/person', json(input, headers))
    expect(reply.status).toBe(200)
    await reply.text()
  })

  it('a rate per address counts requests with forged tokens before their signatures are verified (T6)', async () => {
    const forged = `Bearer ${world.token('alice').slice(0, -6)}AAAAAA`
    const send = () => world.gateway.fetch('/agents/address', json(input, { ...headers, authorization: forged }))
    const reply = await untilRefused(send)
    const audit = await world.gateway.auditOf(reply)
    expect(audit).toMatchObject({ code: 'rate-limited', reason: 'by-address/all' })
    expect(audit.who).toBeUndefined()
    // A good token from the same address waits, too; another address does not.
    const same = await world.as('alice', '/agents/address', json(input, headers))
    const other = await world.as(
      'alice',
      '/agents/address',
      json(input, { ...headers, 'cf-connecting-ip': '192.0.2.8' }),
    )
    expect([same.status, other.status]).toEqual([429, 200])
    await Promise.all([same.text(), other.text()])
  })

  it('a route without rates sends no RateLimit-Policy header', async () => {
    const reply = await world.as('alice', '/agents/free', json(input, headers))
    expect([reply.status, reply.headers.get('ratelimit-policy')]).toEqual([200, null])
    await reply.text()
  })
})
