import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestGateway } from '../../src/testing'
import { linkPackage } from '../support/dev'
import { builtPackage, type House, openHouse } from '../support/house'

/* `sallyport revoke`, against the project's own Worker with its Durable Object. */

let house: House
let gateway: TestGateway

const OPERATORS = `import { defineRoute, operators } from 'sallyport'
import login from '../policies/login'
import talk from '../policies/operate'

export default defineRoute({
  id: 'operators',
  path: '/operators',
  agent: operators,
  trust: [login],
  policies: [talk],
})
`
const POLICY = `import { definePolicy } from 'sallyport'

export default definePolicy({
  id: 'operate',
  allow: [{ name: 'operators', operations: ['*'], when: { role: 'operator' } }],
  examples: [
    { as: { roles: ['operator'] }, does: 'revocations.add', expect: 'allow' },
    { as: { roles: ['member'] }, does: 'revocations.add', expect: 'deny' },
  ],
})
`
const OBJECT = (at = '') => `
[[${at}durable_objects.bindings]]
name = "REVOCATIONS"
class_name = "RevocationList"

[[${at}migrations]]
tag = "v1"
new_sqlite_classes = ["RevocationList"]
`

beforeAll(async () => {
  house = openHouse()
  linkPackage(house.root)
  house.write('policies/operate.ts', POLICY)
  house.write(
    'routes/operators.ts',
    OPERATORS.replace('login', loginOf()).replace('policies/login', `policies/${loginOf()}`),
  )
  const index = house.read('routes/index.ts')
  house.write('routes/index.ts', `import operators from './operators'\n${index.replace('[', '[operators, ')}`)
  const main = house.read('src/index.ts')
  house.write('src/index.ts', `${main}\nexport { RevocationList } from 'sallyport/worker'\n`)
  house.write('wrangler.toml', house.read('wrangler.toml') + OBJECT() + OBJECT('env.staging.'))
  gateway = await (await builtPackage()).testing.startGateway({ root: house.root })
  process.env.SALLYPORT_TOKEN = await gateway.token({ sub: 'olga', roles: ['operator'] })
})
afterAll(async () => {
  delete process.env.SALLYPORT_TOKEN
  await gateway?.close()
  house?.close()
})

/** The name of the issuer that the fixture has. */
const loginOf = () => /from '\.\.\/policies\/([\w-]+)'/.exec(house.read('routes/support.ts'))?.[1] ?? ''

async function run(...args: string[]) {
  const { status, stdout, stderr } = await house.command('revoke', ...args, '--gateway', gateway.url)
  return { status, out: stdout + stderr }
}

describe('sallyport revoke', () => {
  it('sallyport revoke revokes a person of an issuer, lists the entry, and undoes it', async () => {
    const made = await run('person', 'mallory', '--issuer', loginOf(), '--for', '30d', '--note', 'left')
    expect(made, made.out).toMatchObject({ status: 0 })
    const id = /Entry ([0-9a-f]{32})\./.exec(made.out)?.[1] ?? ''
    expect(JSON.parse((await run('list')).out).revocations).toEqual([
      expect.objectContaining({
        id,
        kind: 'person',
        by: expect.stringContaining('olga'),
        note: 'left',
        until: expect.any(Number),
      }),
    ])
    expect(await run('undo', id)).toMatchObject({ status: 0 })
    expect(JSON.parse((await run('list')).out).revocations).toEqual([])
    expect((await run('undo', id)).out).toContain('The list has no such entry.')
  })

  it('sallyport revoke closes a route and opens it again', async () => {
    expect(await run('close', 'support', '--message', 'Back at noon.', '--retry-after', '600')).toMatchObject({
      status: 0,
    })
    expect(JSON.parse((await run('list')).out).closed).toEqual([
      expect.objectContaining({ id: 'support', message: 'Back at noon.', retryAfter: 600 }),
    ])
    expect(await run('open', 'support')).toMatchObject({ status: 0 })
    expect(JSON.parse((await run('list')).out).closed).toEqual([])
  })

  it('sallyport revoke gets 403 for a caller who is not an operator, and asks for a missing token', async () => {
    const own = process.env.SALLYPORT_TOKEN
    process.env.SALLYPORT_TOKEN = await gateway.token({ sub: 'carol', roles: ['member'] })
    expect((await run('list')).out).toContain('was refused with 403')
    delete process.env.SALLYPORT_TOKEN
    expect((await run('list')).out).toContain('Set SALLYPORT_TOKEN')
    process.env.SALLYPORT_TOKEN = own
  })

  it.each<[string, string[], string]>([
    ['a person without an issuer', ['person', 'x'], 'usage: sallyport revoke'],
    ['an issuer that no route trusts', ['person', 'x', '--issuer', 'lgoin'], 'No route trusts the issuer "lgoin"'],
    ['the text of a key instead of its id', ['key', `sp_${'0'.repeat(72)}`], 'Write the id of the key'],
    ['an option of another verb', ['open', 'support', '--message', 'x'], '--message is not an option'],
    ['to close the route of the operators', ['close', 'operators'], 'it cannot be closed'],
    ['a time of zero days', ['key', '0123456789abcdef', '--for', '0d'], 'a number of days'],
    ['a key with an issuer', ['key', 'x', '--issuer', 'https://x'], '--issuer is not an option'],
    ['an end that is no number of days', ['key', '0123456789abcdef', '--for', 'soon'], 'a number of days'],
    ['a route that does not exist', ['close', 'suport'], 'There is no route "suport"'],
    ['a missing person', ['person'], 'usage: sallyport revoke'],
  ])('sallyport revoke refuses %s, and says what is wrong', async (_, args, said) => {
    const { status, out } = await run(...args)
    expect(status).toBe(1)
    expect(out).toContain(said)
  })
})

describe('sallyport check for revocations', () => {
  it('sallyport check accepts a route of operators, and reports a Durable Object that is not bound', async () => {
    const good = await house.command('check')
    expect(good, good.stderr).toMatchObject({ status: 0 })
    await house.withChange('wrangler.toml', 'name = "REVOCATIONS"', 'name = "REVOKED"', async () => {
      const { status, stderr } = await house.command('check')
      expect([status, stderr]).toEqual([1, expect.stringContaining('a Durable Object that is bound as REVOCATIONS')])
    })
  })

  it('sallyport check refuses a public route to the list of revocations', async () => {
    await house.withChange(
      'routes/operators.ts',
      /trust: .*\n.*policies: .*/.exec(house.read('routes/operators.ts'))?.[0] ?? '',
      'public: true,',
      async () => {
        const { status, stderr } = await house.command('check')
        expect([status, stderr]).toEqual([1, expect.stringContaining('a route that is public')])
      },
    )
  })

  it('sallyport check reports a Worker that does not export the bound class RevocationList', async () => {
    await house.withChange('src/index.ts', "export { RevocationList } from 'sallyport/worker'", '', async () => {
      const { status, stderr } = await house.command('check')
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining("export { RevocationList } from 'sallyport/worker'"),
      ])
    })
  })
})
