import { describe, expect, it } from 'vitest'
import { type Counted, countRequest, type Rate, rateLimitPolicy } from '../../src/limits/rate'

/** A limiter that counts as the platform's does, without a window that ends. */
function limiter(most: number) {
  const counts = new Map<string, number>()
  return {
    keys: counts,
    async limit({ key }: { key: string }) {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return { success: count <= most }
    },
  }
}
const rate = (per: Rate['per'], most: number, more: Partial<Rate> = {}) => {
  const counting = limiter(most)
  const made: Rate = { name: 'talk/chat', per, most, seconds: 60, limiter: counting, counts: () => true, ...more }
  return { rate: made, keys: counting.keys }
}
const alice = { issuer: 'https://login', subject: 'alice', tenant: 'acme' }
const asked: Counted = { route: 'support', address: '192.0.2.1', caller: alice, operations: ['run.stream'] }
const lines: string[] = []
const ports = { now: () => 1_700_000_042_500, log: (line: string) => void lines.push(line) }
const refused = (rates: readonly Rate[], counted: Counted) =>
  countRequest(rates, counted, ports).then(
    () => undefined,
    (error) => error,
  )

describe('rates', () => {
  it('a rate lets its number of requests pass, and the refusal names the time left in the window', async () => {
    const { rate: chat } = rate('person', 2)
    expect([await refused([chat], asked), await refused([chat], asked)]).toEqual([undefined, undefined])
    expect(await refused([chat], asked)).toMatchObject({
      code: 'rate-limited',
      reason: 'talk/chat',
      // 1,700,000,042 is two seconds behind a whole minute.
      extras: {
        retryAfter: 58,
        limit: { name: 'talk/chat', most: 2 },
        rateLimit: { policy: '"talk/chat";q=2;w=60', state: '"talk/chat";r=0;t=58' },
      },
    })
  })

  it.each<[Rate['per'], Partial<Counted>, Partial<Counted>]>([
    ['person', {}, { caller: { ...alice, subject: 'bob' } }],
    ['person', {}, { caller: { ...alice, issuer: 'https://other' } }],
    ['tenant', {}, { caller: { ...alice, tenant: 'other' } }],
    ['tenant', {}, { caller: { ...alice, issuer: 'https://other' } }],
    ['route', {}, { route: 'billing' }],
    ['operation', {}, { operations: ['threads.read'] }],
    ['operation', {}, { route: 'billing' }],
    ['address', {}, { address: '192.0.2.2' }],
    ['address', { address: '2001:db8:0:1::5' }, { address: '2001:db8:0:2::5' }],
  ])('a rate per %s counts a request with %j and a request with %j separately', async (per, one, other) => {
    const { rate: once } = rate(per, 1)
    expect(await refused([once], { ...asked, ...one })).toBeUndefined()
    expect(await refused([once], { ...asked, ...other })).toBeUndefined()
    expect(await refused([once], { ...asked, ...one })).toMatchObject({ code: 'rate-limited' })
  })

  it.each<[Rate['per'], Partial<Counted>]>([
    ['person', { route: 'billing', operations: ['threads.read'] }],
    ['tenant', { caller: { ...alice, subject: 'bob' } }],
    ['route', { caller: { ...alice, subject: 'bob' } }],
    ['address', { caller: undefined, route: 'billing' }],
  ])('a rate per %s adds up requests that differ only in other properties: %j', async (per, other) => {
    const { rate: once } = rate(per, 1)
    expect(await refused([once], asked)).toBeUndefined()
    expect(await refused([once], { ...asked, ...other })).toMatchObject({ code: 'rate-limited' })
  })

  it.each([
    ['2001:db8::1', '2001:db8::ffff:2'],
    ['2001:db8:0:0:1::', '2001:DB8::9'],
    ['::1', '::2'],
  ])('a rate per address counts %s and %s together, because a customer has a whole /64 network', async (one, other) => {
    const { rate: once } = rate('address', 1)
    expect(await refused([once], { ...asked, address: one })).toBeUndefined()
    expect(await refused([once], { ...asked, address: other })).toMatchObject({ code: 'rate-limited' })
  })

  it('a rate counts only requests for the operations that the rate names', async () => {
    const { rate: runs, keys } = rate('person', 1, { counts: (operation) => operation.startsWith('run.') })
    for (const operations of [['threads.read'], ['info']]) await refused([runs], { ...asked, operations })
    expect(keys.size).toBe(0)
    expect(await refused([runs], { ...asked, operations: ['threads.read', 'run.stream'] })).toBeUndefined()
    expect(await refused([runs], asked)).toMatchObject({ code: 'rate-limited' })
  })

  it('a rate does not count a request without the address, tenant or person to count by', async () => {
    const unknown: Counted = { ...asked, address: undefined, caller: { ...alice, tenant: undefined } }
    const nobody: Counted = { ...asked, caller: undefined }
    for (const [per, counted] of [
      ['address', unknown],
      ['tenant', unknown],
      ['person', nobody],
    ] as const) {
      const { rate: once, keys } = rate(per, 1)
      await refused([once], counted)
      expect([per, keys.size]).toEqual([per, 0])
    }
  })

  it('a rate lets requests pass and warns the operator if its limiter fails (F16)', async () => {
    lines.length = 0
    const broken: Rate = { ...rate('person', 1).rate, limiter: { limit: () => Promise.reject(new Error('gone')) } }
    expect(await refused([broken], asked)).toBeUndefined()
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { event: 'rate-unavailable', rate: 'talk/chat', reason: 'gone' },
    ])
  })

  it('the RateLimit-Policy header announces the quota and the window of each rate', () => {
    const two = [rate('person', 60).rate, { ...rate('route', 5).rate, name: 'talk/slow', seconds: 10 }]
    expect(rateLimitPolicy(two)).toBe('"talk/chat";q=60;w=60, "talk/slow";q=5;w=10')
  })
})
