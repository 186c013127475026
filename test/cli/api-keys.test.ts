import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linkPackage } from '../support/dev'
import { builtPackage, type House, openHouse } from '../support/house'

/* `sallyport keys api`, by the real wrangler over KV on this machine. */

let house: House
let route: string

const KEYS = `import { defineApiKeys } from 'sallyport'

export default defineApiKeys({ id: 'keys', binding: 'API_KEYS' })
`

beforeAll(() => {
  house = openHouse()
  linkPackage(house.root)
  route = house.read('routes/support.ts')
  house.write('policies/keys.ts', KEYS)
  house.write(
    'routes/support.ts',
    `import keys from '../policies/keys'\n${route.replace('trust: [', 'trust: [keys, ')}`,
  )
  const bound = '\n[[kv_namespaces]]\nbinding = "API_KEYS"\nid = "0123456789abcdef0123456789abcdef"\n'
  house.write('wrangler.toml', house.read('wrangler.toml') + bound + bound.replace('kv_names', 'env.staging.kv_names'))
})
afterAll(() => house?.close())

async function run(...args: string[]) {
  const { status, stdout, stderr } = await house.command(...args)
  return { status, out: stdout + stderr }
}
const api = (...args: string[]) => run('keys', 'api', ...args)
const create = (...more: string[]) => api('create', '--label', 'laptop', '--subject', 'alice', ...more)

/** A key that was printed, and its id. */
function printed(out: string) {
  const key = /sp_[0-9a-f]{72}/.exec(out)?.[0] ?? ''
  return { key, id: /This is key ([0-9a-f]{16})/.exec(out)?.[1] ?? '' }
}

describe('sallyport keys api', () => {
  it('sallyport keys api creates an API key, shows it once, lists it without its secret, and revokes it', async () => {
    const made = await create('--role', 'member', '--expires', '30d')
    expect(made).toMatchObject({ status: 0 })
    const { key, id } = printed(made.out)
    const listed = await api('list')
    expect(listed.out).toMatch(new RegExp(`^${id}  alice +laptop +ends at `, 'm'))
    expect(listed.out).not.toContain(key)

    house.write('key.txt', `${key}\n`)
    const explained = await run('explain', '--token', 'key.txt')
    expect(explained).toMatchObject({ status: 0 })
    expect(explained.out).toContain('user id  keys:alice')
    expect(explained.out).not.toContain(key)

    expect(await api('revoke', id)).toMatchObject({ status: 0 })
    expect((await api('list')).out).toContain('There are no keys.')
    expect(await run('explain', '--token', 'key.txt')).toMatchObject({ status: 1 })
  }, 120_000)

  it('sallyport keys api rotate creates a new API key, and sets an expiry time for the old API key', async () => {
    const { id } = printed((await create('--service', '--operation', 'run.*', '--expires', 'never')).out)
    const rotated = await api('rotate', id, '--expires', 'never', '--overlap', '2d')
    expect(rotated).toMatchObject({ status: 0 })
    const { id: next } = printed(rotated.out)
    const { out } = await api('list')
    expect(out).toMatch(new RegExp(`^${id}.* ends at `, 'm'))
    expect(out).toMatch(new RegExp(`^${next}.* does not end by itself`, 'm'))
  }, 120_000)

  it.each<[string, string[], string]>([
    ['no label', ['create', '--subject', 'alice'], '--label and --subject'],
    [
      'a route that does not exist',
      ['create', '--label', 'x', '--subject', 'a', '--route', 'suport'],
      'The route "suport" does not exist, or does not trust these keys',
    ],
    [
      'an invalid operation',
      ['create', '--label', 'x', '--subject', 'a', '--operation', 'RUN'],
      'an operation such as',
    ],
    ['days without a d', ['create', '--label', 'x', '--subject', 'a', '--expires', '45'], 'a number of days'],
    ['too many days', ['create', '--label', 'x', '--subject', 'a', '--expires', '999999999d'], 'a number of days'],
    ['a subject in two lines', ['create', '--label', 'x', '--subject', 'a\nb'], 'one line'],
    ['a label of spaces', ['create', '--label', '  ', '--subject', 'a'], 'one line'],
    [
      'a route that does not trust the keys',
      ['create', '--label', 'x', '--subject', 'a', '--route', 'desk'],
      'The route "desk" does not exist, or does not trust these keys',
    ],
    ['an option of another verb', ['rotate', '0123456789abcdef', '--role', 'admin'], '--role is not an option'],
    ['an overlap without end', ['rotate', '0123456789abcdef', '--overlap', 'never'], '--overlap never'],
    ['an end in the past', ['create', '--label', 'x', '--subject', 'a', '--expires', '2020-01-01'], 'a future date'],
    ['an id that no key has', ['revoke', '0123456789abcdef'], 'There is no key 0123456789abcdef'],
    ['an unknown verb', ['delete', '0123456789abcdef'], 'usage: sallyport keys api'],
    ['keys that no route trusts', ['list', '--keys', 'other'], 'No route trusts a set of API keys "other"'],
  ])('sallyport keys api refuses %s, and says what is wrong', async (_, args, said) => {
    const { status, out } = await api(...args)
    expect(status).toBe(1)
    expect(out).toContain(said)
  })
})

describe('sallyport check for API keys', () => {
  it('sallyport check accepts API keys, and reports a KV namespace that is not bound', async () => {
    expect(await run('check')).toMatchObject({ status: 0 })
    house.write('policies/keys.ts', KEYS.replace('API_KEYS', 'API_KEY'))
    const { status, out } = await run('check')
    expect(status).toBe(1)
    expect(out).toContain('[[kv_namespaces]] binding = "API_KEY"')
    house.write('policies/keys.ts', KEYS)
  })

  it('sallyport check refuses two sources of API keys with different ids and the same KV namespace', async () => {
    house.write('policies/staff.ts', KEYS.replace("'keys'", "'staff'"))
    const desk = house.read('routes/desk.ts')
    house.write(
      'routes/desk.ts',
      `import staff from '../policies/staff'\n${desk.replace('trust: [', 'trust: [staff, ')}`,
    )
    const { status, out } = await run('check')
    house.write('routes/desk.ts', desk)
    expect(status).toBe(1)
    expect(out).toContain('"API_KEYS", which policies/')
  })

  it('sallyport check refuses "local" as the id of API keys, since their users would look like local people', async () => {
    house.write('policies/keys.ts', KEYS.replace("'keys'", "'local'"))
    const { status, out } = await run('check')
    house.write('policies/keys.ts', KEYS)
    expect(status).toBe(1)
    expect(out).toContain('npm start uses user ids')
  })

  it('sallyport check refuses API keys if peopleOf names an issuer that the route does not trust', async () => {
    house.write('policies/keys.ts', KEYS.replace("'API_KEYS' }", "'API_KEYS', peopleOf: 'nobody' }"))
    const { status, out } = await run('check')
    expect(status).toBe(1)
    expect(out).toContain('API keys with peopleOf "nobody"')
    house.write('policies/keys.ts', KEYS)
  })
})

it('the test gateway of a project has the KV namespace of its API keys, and can create keys', async () => {
  const { startGateway } = (await builtPackage()).testing
  const gateway = await startGateway({ root: house.root })
  try {
    const reply = await gateway.fetch('/agents/support/threads', {
      method: 'POST',
      headers: { 'x-api-key': `sp_${'0'.repeat(72)}` },
    })
    expect(reply.status).toBe(401)
    expect(await gateway.auditOf(reply)).toMatchObject({ reason: 'key-form' })
    const key = await gateway.apiKey({ subject: 'carol', roles: ['member'] })
    const good = await gateway.fetch('/agents/support/threads', { method: 'POST', headers: { 'x-api-key': key } })
    expect((await gateway.auditOf(good)).who).toMatchObject({ subject: 'carol', authenticator: 'api-key' })
    await expect(gateway.apiKey({ subject: 'carol' }, 'others')).rejects.toThrow('No route trusts API keys "others"')
  } finally {
    await gateway.close()
  }
})
