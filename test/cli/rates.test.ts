import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { linkPackage } from '../support/dev'
import { builtPackage, type House, openHouse } from '../support/house'

/* Rates of policies, held against the limiters of wrangler's file, and in a project's own tests. */

let house: House
let policy: string
let file: string

beforeAll(() => {
  house = openHouse()
  linkPackage(house.root)
  policy = house.read('policies/talk.ts')
  file = house.read('wrangler.toml')
})
beforeEach(() => write('RUNS', 3, 60, limiter('RUNS', 1001, 3)))
afterAll(() => house?.close())

const limiter = (name: string, namespace: number, limit: number, at = ''): string =>
  `\n[[${at}ratelimits]]\nname = "${name}"\nnamespace_id = "${namespace}"\nsimple = { limit = ${limit}, period = 60 }\n`

function write(binding: string, most: number, seconds: number, limiters: string, more = ''): void {
  const rates = `rates: [{ name: 'runs', per: 'person', binding: '${binding}', most: ${most}, seconds: ${seconds} }${more}],\n  examples:`
  house.write('policies/talk.ts', policy.replace('examples:', rates))
  house.write('wrangler.toml', file + limiters + limiters.replaceAll('[[ratelimits', '[[env.staging.ratelimits'))
}

describe('sallyport check for rates', () => {
  it('sallyport check accepts a rate in a policy if every environment has a matching limiter', async () => {
    expect(await house.command('check')).toMatchObject({ status: 0 })
  })

  it.each<[string, Parameters<typeof write>, string]>([
    ['a limiter that is not bound', ['RNUS', 3, 60, limiter('RUNS', 1001, 3)], '"RNUS", which is not bound'],
    ['another limit than the limiter has', ['RUNS', 5, 60, limiter('RUNS', 1001, 3)], '5 in 60 seconds'],
    ['another window', ['RUNS', 3, 10, limiter('RUNS', 1001, 3)], '3 in 60 seconds, as wrangler.toml has it'],
    ['a window that the platform does not know', ['RUNS', 3, 30, limiter('RUNS', 1001, 3)], '10 or 60'],
    [
      'a limiter that two rates share',
      [
        'RUNS',
        3,
        60,
        limiter('RUNS', 1001, 3),
        ", { name: 'all', per: 'route', binding: 'RUNS', most: 3, seconds: 60 }",
      ],
      'a binding of its own',
    ],
    [
      'limiters that count together',
      [
        'RUNS',
        3,
        60,
        limiter('RUNS', 1001, 3) + limiter('ALL', 1001, 3),
        ", { name: 'all', per: 'route', binding: 'ALL', most: 3, seconds: 60 }",
      ],
      'limiters of one namespace count together',
    ],
    [
      'operations of addresses',
      [
        'RUNS',
        3,
        60,
        limiter('RUNS', 1001, 3) + limiter('ALL', 1002, 3),
        ", { name: 'all', per: 'address', binding: 'ALL', most: 3, seconds: 60, operations: ['run.*'] }",
      ],
      'requests per address are counted before their operation is known',
    ],
  ])('sallyport check reports a rate with %s', async (_name, given, says) => {
    write(...given)
    const { status, stderr } = await house.command('check')
    expect([status, stderr]).toEqual([1, expect.stringContaining(says)])
  })

  it('sallyport check reports an environment without the limiter, because environments do not inherit limiters', async () => {
    house.write('wrangler.toml', file + limiter('RUNS', 1001, 3))
    const { status, stderr } = await house.command('check')
    expect([status, stderr]).toEqual([1, expect.stringContaining('"RUNS", which is not bound')])
  })
})

it('the test gateway of a project applies the limiters of its wrangler.toml with 429', async () => {
  const { startGateway } = (await builtPackage()).testing
  const gateway = await startGateway({ root: house.root })
  try {
    const ask = async () => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"assistant_id":"agent"}' }
      const reply = await gateway.fetch('/agents/support/runs/stream', {
        ...init,
        as: { sub: 'carol', roles: ['member'] },
      })
      await reply.text()
      return reply.status
    }
    const statuses: number[] = []
    // As many as fill the rest of one window and all of the next.
    for (let sent = 0; sent < 7 && !statuses.includes(429); sent++) statuses.push(await ask())
    expect(new Set(statuses)).toEqual(new Set([200, 429]))
  } finally {
    await gateway.close()
  }
})
