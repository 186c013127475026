import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSigningKeys } from '../../src/assertion/keys'
import { threadSecretFault } from '../../src/threads/secret'
import { type House, openHouse } from '../support/house'
import { privateKey } from '../support/keys'
import { signRaw } from '../support/tokens'

const key = await privateKey('RS256')
let house: House

beforeAll(() => {
  house = openHouse()
})
afterAll(() => house?.close())

const command = (...args: string[]) => house.command(...args)
const withChange: House['withChange'] = (...args) => house.withChange(...args)

describe('sallyport check', () => {
  it('sallyport check prints how many routes, policies and examples it checked if there is no fault', async () => {
    expect(await command('check')).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^2 routes, 1 policies, 3 examples: no faults\.$/m),
      stderr: '',
    })
  })

  it('sallyport check fails with file, path, found, expected and remedy of a fault (F19)', async () => {
    const { status, stderr } = await withChange(
      'routes/desk.ts',
      "path: '/agents/desk'",
      "path: '/agents/support'",
      () => command('check'),
    )
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /routes\/desk\.ts {2}path\n {4}found {5}"\/agents\/support", which overlaps .*\n {4}expected .*\n {4}remedy /,
    )
  })

  it('sallyport check prints a fault of a policy once for all routes with the policy, and the place of a missing key', async () => {
    const { stderr } = await withChange(
      'policies/talk.ts',
      "operations: ['run.*', 'threads.read']",
      "operation: ['run.*']",
      () => command('check'),
    )
    expect(
      stderr.match(
        /policies\/talk\.ts {2}allow\[0\]\.operations\n {4}found {5}nothing\n {4}expected {2}a value: this key is required/g,
      ),
    ).toHaveLength(1)
    expect(stderr).toContain('2 faults')
  })

  it('sallyport check reports a failing example, an unset variable, and a file name that differs from the id', async () => {
    const expectation = "does: 'threads.delete', expect: 'deny'"
    const example = await withChange('policies/talk.ts', expectation, "does: 'threads.delete', expect: 'allow'", () =>
      command('check'),
    )
    expect(example.stderr).toContain('policies/talk.ts  examples[1]')
    const variable = await withChange('wrangler.toml', 'DESK_URL =', 'DESKURL =', () => command('check'))
    expect(variable.stderr).toContain('Add DESK_URL to [vars] in wrangler.toml, and to the vars of each environment')
    const name = await withChange('routes/desk.ts', "id: 'desk'", "id: 'tickets'", () => command('check'))
    expect(name.stderr).toContain('routes/tickets.ts  (file name)')
    expect([example.status, variable.status, name.status]).toEqual([1, 1, 1])
  })

  it('sallyport check --env checks the variables of an environment, and refuses an unknown environment', async () => {
    const unset = await withChange(
      'wrangler.toml',
      'SUPPORT_URL = "https://support.staging',
      'SUPPORT = "https://s',
      () => command('check', '--env', 'staging'),
    )
    expect(unset.stderr).toContain('routes/support.ts  agent.origin.env')
    const typo = await command('check', '--env', 'stagin')
    expect([typo.status, typo.stderr]).toEqual([
      1,
      'wrangler.toml has no environment "stagin". Its environments are: staging.\n',
    ])
    expect((await command('check', 'staging')).status).toBe(1)
  })

  it('sallyport check fails for an unresolved or missing import, and names the import to correct', async () => {
    const nowhere = await withChange('routes/desk.ts', '../policies/talk', '../policies/nobody', () => command('check'))
    expect(nowhere.stderr).toContain('Could not resolve "../policies/nobody"')
    const missing = await withChange('routes/desk.ts', "import { defineRoute } from 'sallyport'", '', () =>
      command('check'),
    )
    expect(missing.stderr).toContain("Add: import { defineRoute } from 'sallyport'")
    expect(missing.stderr).toContain('routes/desk.ts  (imports)')
    expect([nowhere.status, missing.status]).toEqual([1, 1])
  })
})

describe('sallyport explain', () => {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: 'https://login.acme.com',
    aud: 'other',
    sub: 'alice',
    roles: ['member'],
    iat: now,
    exp: now + 60,
  }
  const token = signRaw({ alg: 'RS256', kid: 'k1', typ: 'JWT' }, claims, key)
  const explain = (text: string, ...args: string[]) => {
    writeFileSync(path.join(house.root, 'token.txt'), text)
    return command('explain', '--token', 'token.txt', '--offline', ...args)
  }

  it('sallyport explain prints each check and the person, and never the token', async () => {
    const { status, stdout } = await explain(`Authorization: Bearer ${token}\n`)
    expect(status).toBe(1)
    expect(stdout).toContain('✓ alg: RS256')
    expect(stdout).toMatch(/✗ aud\n {4}found {5}other\n {4}expected {2}agents\n {4}setting {3}audience/)
    expect(stdout).toContain('? the signature')
    expect(stdout).toContain('The gateway refuses this token: token-invalid, reason "audience".')
    expect(stdout).toMatch(
      /If it were accepted, the caller would be a person:\n {2}user id {2}alice\n {2}roles {4}member/,
    )
    expect(stdout).toMatch(/Routes that trust this issuer: \/agents\/support, \/agents\/desk/)
    for (const part of token.split('.')) expect(stdout).not.toContain(part)
  })

  it('sallyport explain --offline accepts a good token, and says that its signature was not checked', async () => {
    const good = signRaw({ alg: 'RS256', kid: 'k1' }, { ...claims, aud: 'agents' }, key)
    const { status, stdout } = await explain(good, '--route', 'desk')
    expect([status, stdout]).toEqual([0, expect.stringContaining('if its signature is good')])
  })

  it('sallyport explain describes text that is not a signed JWT, and refuses a token as an argument', async () => {
    expect((await explain('Kx9vQ2mPz7sLd4Rt8WnYb3Hc')).stdout).toContain('only its provider can read')
    const wrong = await command('explain', '--token', token, '--offline')
    expect(wrong.status).toBe(1)
    expect(wrong.stderr).not.toContain(token.split('.')[1])
    expect((await command('explain')).stderr).toContain('--token FILE')
    expect((await explain(token, '--route', 'nobody')).stderr).toContain('There is no route "nobody".')
  })
})

it('sallyport routes prints a table of the routes, and with --json the whole effective configuration', async () => {
  expect((await command('routes')).stdout).toMatch(
    /^\/agents\/desk {5}http {7}https:\/\/desk\.internal\.acme\.com {5}login {9}talk {6}-$/m,
  )
  const { status, stdout } = await command('routes', '--json')
  expect(status).toBe(0)
  const { routes } = JSON.parse(stdout) as { routes: Record<string, unknown>[] }
  expect(routes.map(({ id }) => id)).toEqual(['support', 'desk'])
  for (const route of routes) {
    for (const key of ['path', 'agent', 'trust', 'policies', 'operations', 'identity', 'audience'])
      expect(route, key).toHaveProperty(key)
  }
})

it('sallyport schema prints a JSON Schema of a route', async () => {
  expect(JSON.parse((await command('schema')).stdout)).toMatchObject({
    $schema: expect.any(String),
    type: 'object',
    required: expect.arrayContaining(['id', 'path', 'agent']),
  })
})

describe('sallyport keys', () => {
  const file = '.secrets/signing-keys.json'
  const kids = (text: string) =>
    [...text.matchAll(/^(signs|published) +(\S+) +(\S+)$/gm)].map((match) => `${match[1]} ${match[2]} ${match[3]}`)

  it('sallyport keys creates a first signing key in a file with mode 600, and prints no secret', async () => {
    const { status, stdout } = await command('keys')
    expect(status).toBe(0)
    expect(stdout).toContain(`wrangler secret put SIGNING_KEYS < ${file}`)
    const secret = readFileSync(path.join(house.root, file), 'utf8')
    expect(statSync(path.join(house.root, file)).mode & 0o777).toBe(0o600)
    expect((await readSigningKeys(secret)).keys).toHaveLength(1)
    expect(stdout).not.toContain((JSON.parse(secret) as { keys: { d: string }[] }).keys[0]?.d)
    expect((await command('keys')).status).toBe(1)
    expect(readFileSync(path.join(house.root, file), 'utf8')).toBe(secret)
  })

  it('sallyport keys stores the signing keys of each environment in a separate file', async () => {
    const { status, stdout } = await command('keys', '--env', 'staging')
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining('secret put SIGNING_KEYS --env staging < .secrets/staging-signing-keys.json'),
    ])
    expect((await command('keys', 'threads', '--env', 'staging')).stdout).toContain('.secrets/staging-thread-secret')
  })

  it('sallyport keys rotates signing keys in the steps add, promote and retire', async () => {
    const [first] = kids((await command('keys', 'list')).stdout)
    const added = kids((await command('keys', 'add')).stdout)
    expect(added).toEqual([first, expect.stringMatching(/^published ES256/)])
    const promoted = kids((await command('keys', 'promote')).stdout)
    expect(promoted).toEqual([added[1]?.replace('published', 'signs'), first?.replace('signs', 'published')])
    expect((await readSigningKeys(readFileSync(path.join(house.root, file), 'utf8'))).keys).toHaveLength(2)
    expect(kids((await command('keys', 'retire')).stdout)).toEqual([promoted[0]])
    expect((await command('keys', 'retire')).status).toBe(1)
    expect((await command('keys', 'promote')).status).toBe(1)
  })

  it('sallyport keys creates an RS256 key, and refuses HS256, unknown steps and a broken file', async () => {
    expect(kids((await command('keys', 'new', '--algorithm', 'RS256')).stdout)).toHaveLength(2)
    expect((await command('keys', 'add', '--algorithm', 'HS256')).stderr).toContain('usage:')
    // A name that every object has is no step, and the keys stay.
    const before = readFileSync(path.join(house.root, file), 'utf8')
    for (const step of ['destroy', 'toString', 'constructor']) expect((await command('keys', step)).status).toBe(1)
    expect(readFileSync(path.join(house.root, file), 'utf8')).toBe(before)
    house.write('.secrets/broken.json', '{"keys":"d3adb33f')
    const broken = await command('keys', 'list', '--file', '.secrets/broken.json')
    expect([broken.status, broken.stderr]).toEqual([1, expect.stringContaining('has no keys that can be read')])
    expect(broken.stderr).not.toContain('d3adb33f')
  })

  it('sallyport keys threads creates the thread secret in a file with mode 600, and never replaces it', async () => {
    const threads = '.secrets/thread-secret'
    const { status, stdout } = await command('keys', 'threads')
    expect(status).toBe(0)
    expect(stdout).toContain(`wrangler secret put THREAD_SECRET < ${threads}`)
    const secret = readFileSync(path.join(house.root, threads), 'utf8')
    // 32 random bytes.
    expect(secret).toMatch(/^[\w-]{43}\n$/)
    expect(threadSecretFault(secret.trim())).toBeUndefined()
    expect(statSync(path.join(house.root, threads)).mode & 0o777).toBe(0o600)
    expect(stdout).not.toContain(secret.trim())

    const again = await command('keys', 'threads')
    expect([again.status, again.stdout]).toEqual([1, ''])
    expect(again.stderr).toContain(`${threads} already has a thread secret`)
    expect(readFileSync(path.join(house.root, threads), 'utf8')).toBe(secret)
    // It may lie elsewhere, and a rotation of keys leaves it alone.
    expect((await command('keys', 'threads', '--file', '.secrets/other')).status).toBe(0)
    expect(readFileSync(path.join(house.root, '.secrets/other'), 'utf8')).not.toBe(secret)
    expect((await command('keys', 'add')).status).toBe(0)
    expect(readFileSync(path.join(house.root, threads), 'utf8')).toBe(secret)
  })

  it('sallyport keys rotate-threads writes the new thread secret above the previous and the oldest thread secret', async () => {
    const threads = '.secrets/rotated'
    const lines = () => readFileSync(path.join(house.root, threads), 'utf8').trim().split('\n')
    const rotate = () => command('keys', 'rotate-threads', '--file', threads)
    expect(await rotate()).toMatchObject({ status: 1, stdout: '' })
    await command('keys', 'threads', '--file', threads)
    const [first] = lines()
    expect((await rotate()).stdout).toContain(`wrangler secret put THREAD_SECRET < ${threads}`)
    const [second, ...older] = lines()
    expect(older).toEqual([first])
    await rotate()
    expect(lines().slice(1)).toEqual([second, first])
    await rotate()
    expect(lines()).toHaveLength(3)
    expect(lines().at(-1)).toBe(first)
    expect(new Set(lines()).size).toBe(3)
  })
})

describe('sallyport threads', () => {
  const alice = ['threads', '--issuer', 'https://login.acme.com', '--subject', 'alice']

  it('sallyport threads prints a different owner for each person, identity provider and tenant', async () => {
    const owners = [
      alice,
      ['threads', '--issuer', 'https://login.acme.com', '--subject', 'bob'],
      ['threads', '--issuer', 'https://login.staging.acme.com', '--subject', 'alice'],
      ['threads', '--issuer', 'https://login.acme.com', '--tenant', 'alice'],
    ]
    const told: string[] = []
    for (const args of owners) told.push((await command(...args)).stdout)
    for (const owner of told) expect(owner).toMatch(/^[\w-]{43}\n$/)
    expect(new Set(told).size).toBe(4)
  })

  it('sallyport threads prints the id of a thread at the agent, and fails without THREAD_SECRET', async () => {
    expect((await command('add', 'maf', 'helper', 'https://helper.acme.com')).status).toBe(0)
    const thread = ['--route', 'helper', '--thread', 't1', '--file', '.secrets/threads-test']
    const without = await command(...alice, ...thread)
    expect([without.status, without.stderr]).toEqual([1, expect.stringContaining('THREAD_SECRET is not set')])
    expect((await command('keys', 'threads', '--file', '.secrets/threads-test')).status).toBe(0)
    expect((await command(...alice, ...thread)).stdout).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$/,
    )
  })

  it.each([
    [['--issuer', 'https://nobody.acme.com', '--subject', 'a'], 'No route trusts the issuer'],
    [[...alice.slice(1), '--route', 'suport', '--thread', 't'], 'There is no route "suport"'],
    [[...alice.slice(1), '--route', 'support', '--thread', 't'], 'receives the thread ids'],
  ])(
    'sallyport threads refuses an unknown issuer or route, and a route that does not change thread ids: %j',
    async (args, says) => {
      const { status, stdout, stderr } = await command('threads', ...args)
      expect([status, stdout, stderr]).toEqual([1, '', expect.stringContaining(says)])
    },
  )

  it.each([[[]], [['--issuer', 'x']], [['--issuer', 'x', '--subject', 'a', '--tenant', 'b']]])(
    'sallyport threads prints its usage for wrong arguments: %j',
    async (args) => {
      const { status, stderr } = await command('threads', ...args)
      expect([status, stderr]).toEqual([1, expect.stringContaining('usage: sallyport threads')])
    },
  )
})
