import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type House, openHouse } from '../support/house'
import { type Issuers, publicKeys, publishes, says, startIssuers } from '../support/issuers'
import { privateKey } from '../support/keys'
import { signRaw } from '../support/tokens'

/* `sallyport explain --token`, on a project with two issuers and an environment. */

const keys = await Promise.all(Array.from({ length: 5 }, () => privateKey('RS256')))
const [key] = keys
const now = Math.floor(Date.now() / 1000)
const LOGIN = 'https://login.acme.com'
const PARTNER = 'https://acme.eu.auth0.com/'
let house: House

beforeAll(() => {
  house = openHouse()
  house.write(
    'policies/partner.ts',
    `import { defineIssuer } from 'sallyport'

export default defineIssuer({ id: 'partner', issuer: '${PARTNER}', audience: ['agents'], algorithms: ['RS256'] })
`,
  )
  const desk = house.read('routes/desk.ts')
  house.write('routes/desk.ts', desk.replace('../policies/login', '../policies/partner'))
})
afterAll(() => house?.close())

const sign = (claims: object = {}, header: object = { kid: key!.kid }) =>
  signRaw(
    { alg: 'RS256', typ: 'JWT', ...header },
    { iss: LOGIN, aud: 'agents', sub: 'alice', iat: now, exp: now + 60, ...claims },
    key!,
  )

async function explain(token: string, ...args: string[]): Promise<string> {
  house.write('token.txt', token)
  return (await house.command('explain', '--token', 'token.txt', ...args)).stdout
}
const explainIss = (iss: unknown, ...args: string[]) => explain(sign({ iss }), '--offline', ...args)
/** The first lines of an explanation of a token whose issuer no route trusts. */
const refusedIss = (found: string, expected: string, ...notes: string[]) =>
  ['✗ iss', `    found     ${found}`, `    expected  ${expected}`, '    setting   issuer']
    .concat(notes.map((note) => `    note      ${note}`))
    .join('\n')
    .concat('\n\nThe gateway refuses this token: token-invalid, reason "issuer".')

describe('an issuer that no route trusts', () => {
  const both = `${LOGIN} or ${PARTNER}`

  it('sallyport explain shows the trusted issuers of all routes, and with --route those of one route', async () => {
    const other = 'https://login.other.com'
    expect(await explainIss(other)).toContain(refusedIss(other, both))
    expect(await explainIss(other, '--route', 'desk')).toContain(refusedIss(other, PARTNER))
  })

  it('sallyport explain names the trusted issuer that differs only by the slash at the end', async () => {
    const without = PARTNER.slice(0, -1)
    const note = (issuer: string) => `it differs from ${issuer} only by the slash at the end`
    expect(await explainIss(without)).toContain(refusedIss(without, both, note(PARTNER)))
    expect(await explainIss(`${LOGIN}/`)).toContain(refusedIss(`${LOGIN}/`, both, note(LOGIN)))
    expect(await explainIss(`${LOGIN}/x`)).toContain(refusedIss(`${LOGIN}/x`, both))
  })

  it("sallyport explain names the environment whose issuer is the token's", async () => {
    const staging = 'https://login.staging.acme.com'
    expect(await explainIss(staging)).toContain(refusedIss(staging, both, 'this is the issuer of environment staging'))
    expect(await explainIss(LOGIN, '--env', 'staging')).toContain(
      refusedIss(LOGIN, `${staging} or ${PARTNER}`, 'this is the issuer of the top level of wrangler.toml'),
    )
    // The route desk has the same issuer in each environment, so no environment would accept it.
    expect(await explainIss(staging, '--route', 'desk')).toContain(refusedIss(staging, PARTNER))
  })

  it('sallyport explain names the environment of an issuer with tenants', async () => {
    const tenants = "issuer: { env: 'ISSUER_URL' }, tenants: ['t1', 't2'],"
    const wrangler = house.read('wrangler.toml')
    house.write('wrangler.toml', wrangler.replace(/(ISSUER_URL = "[^"]+)/g, '$1/{tenant}'))
    const text = await house.withChange('policies/login.ts', "issuer: { env: 'ISSUER_URL' },", tenants, () =>
      explainIss('https://login.staging.acme.com/t2'),
    )
    house.write('wrangler.toml', wrangler)
    expect(text).toContain('note      this is the issuer of environment staging\n')
  })

  it('sallyport explain leaves out the issuer of an environment that does not set it', async () => {
    const text = await house.withChange('wrangler.toml', 'ISSUER_URL = "https://login.staging', 'X = "https://x', () =>
      explainIss('https://login.other.com'),
    )
    expect(text).toContain(refusedIss('https://login.other.com', both))
  })
})

it('sallyport explain shows found, expected and setting also of the checks that passed', async () => {
  const text = await explain(sign(), '--offline')
  expect(text).toContain(`✓ iss: ${LOGIN} (expected ${LOGIN}; setting issuer)\n`)
  expect(text).toContain('✓ alg: RS256 (expected RS256; setting algorithms)\n')
  expect(text).toContain('✓ aud: agents (expected agents; setting audience)\n')
  expect(text).toContain('✓ crit: {} (expected none: the gateway knows no extension)\n')
  expect(text).toMatch(/^✓ exp: \S+Z \(expected later than \S+Z; setting clockSkewSeconds\)$/m)
  expect(text.match(/^✓/gm)).toHaveLength(text.match(/^✓ .+: .+ \(expected .+\)$/gm)?.length ?? 0)
})

describe('the keys of the issuer', () => {
  let issuers: Issuers
  beforeAll(async () => {
    issuers = await startIssuers()
  })
  afterAll(() => issuers?.close())

  /** Explains a token while the issuer publishes this many keys. */
  async function explainWith(count: number, token: string): Promise<string> {
    issuers.set('login', {
      jwks: publishes(publicKeys(...keys.slice(0, count))),
      discovery: says(200, { issuer: LOGIN, jwks_uri: `${LOGIN}/jwks` }),
    })
    const { fetch } = globalThis
    const spy = vi
      .spyOn(globalThis, 'fetch')
      .mockImplementation((url, init) => fetch(String(url).replace(LOGIN, issuers.issuer('login')), init))
    try {
      return await explain(token)
    } finally {
      spy.mockRestore()
    }
  }

  it('sallyport explain shows why a token without kid is refused if many keys fit', async () => {
    const text = await explainWith(5, sign({}, {}))
    expect(text).toContain(
      '✗ the signature\n    found     no kid\n' +
        '    expected  a kid that names one key: more than 4 keys of the issuer fit\n',
    )
    expect(text).toContain('token-invalid, reason "key"')
  })

  it('sallyport explain accepts a token without kid if few keys fit, and reports a key that is not published', async () => {
    expect(await explainWith(4, sign({}, {}))).toContain('The gateway accepts this token.')
    expect(await explainWith(4, sign())).toContain(
      `✓ the signature: a signature by the key ${key?.kid} (expected a signature by a key of the issuer; setting jwksUri)`,
    )
    expect(await explainWith(4, sign({}, { kid: 'k9' }))).toContain('the key k9, which the issuer does not publish')
  })
})
