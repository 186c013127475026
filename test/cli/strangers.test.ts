import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type House, openHouse } from '../support/house'

let house: House
beforeEach(() => {
  house = openHouse()
})
afterEach(() => house?.close())

const issuers = {
  github: `issuer: 'https://token.actions.githubusercontent.com',
  jwksUri: 'https://token.actions.githubusercontent.com/.well-known/jwks',
  callers: 'services',
  claims: { tenant: 'repository_owner' },`,
  // Without `callers`, its workflows count as people.
  githubPeople: `issuer: 'https://token.actions.githubusercontent.com',
  jwksUri: 'https://token.actions.githubusercontent.com/.well-known/jwks',`,
  gitlab: `issuer: 'https://gitlab.com',
  callers: 'services',
  claims: { tenant: 'namespace_path' },`,
  google: `preset: 'google',
  issuer: 'https://accounts.google.com',`,
  own: `issuer: 'https://login.acme.com',
  callers: 'services',`,
} as const

/** Runs the check with one issuer and with one rule for runs, which has this condition. */
async function checked(issuer: keyof typeof issuers, when: string | undefined, more = '') {
  house.write(
    'policies/login.ts',
    `import { defineIssuer } from 'sallyport'

export default defineIssuer({
  id: 'login',
  ${issuers[issuer]}
  audience: ['https://gate.acme.com'],
  algorithms: ['RS256'],
})
`,
  )
  house.write(
    'policies/talk.ts',
    `import { definePolicy } from 'sallyport'

export default definePolicy({
  id: 'talk',
  allow: [
    { name: 'close', operations: ['ticket.close'], when: { role: 'admin' } },
    { name: 'runs', operations: ['run.*'],${when === undefined ? '' : ` when: ${when}`} },
  ],
  ${more}
  examples: [
    { as: { roles: ['admin'], tenant: 'acme' }, does: 'ticket.close', expect: 'allow' },
    { as: {}, does: 'ticket.close', expect: 'deny' },
  ],
})
`,
  )
  return house.command('check')
}

const GITHUB = 'a workflow of any GitHub repository'
const GITLAB = 'a job of any project on gitlab.com'
const GOOGLE = 'a service account of any Google Cloud project'

describe('issuers that give everyone a token for any audience', () => {
  it.each([
    ['github', undefined, `no condition: ${GITHUB}`],
    ['github', "{ caller: 'service' }", `a condition that strangers meet: ${GITHUB}`],
    ['github', "{ issuer: 'login', caller: 'service' }", GITHUB],
    ['github', "{ claim: { name: 'ref', equals: 'refs/heads/main' } }", GITHUB],
    ['github', "{ not: { tenant: 'evil' } }", GITHUB],
    ['githubPeople', "{ caller: 'user' }", GITHUB],
    ['gitlab', "{ caller: 'service' }", GITLAB],
    ['google', undefined, GOOGLE],
    ['google', "{ caller: 'service' }", GOOGLE],
  ] as const)(
    'sallyport check reports a rule that strangers meet: issuer %s, condition %s',
    async (issuer, when, says) => {
      const { status, stderr } = await checked(issuer, when)
      expect([status, stderr]).toEqual([1, expect.stringContaining(says)])
      expect(stderr).toContain('policies/talk.ts  allow[1].when\n')
      expect(stderr).toContain('may use run.list on the route support')
    },
  )

  it.each([
    ['github', "{ tenant: 'acme' }"],
    ['github', "{ claim: { name: 'repository', equals: 'acme/app' } }"],
    ['github', "{ claim: { name: 'repository_owner_id', equals: '65' } }"],
    ['gitlab', "{ claim: { name: 'project_path', equals: 'acme/app' } }"],
    ['google', "{ caller: 'user' }"],
    ['google', "{ claim: { name: 'email', equals: 'bot@acme.iam.gserviceaccount.com' } }"],
    ['own', "{ caller: 'service' }"],
  ] as const)(
    'sallyport check accepts a rule that strangers do not meet: issuer %s, condition %s',
    async (issuer, when) => {
      expect(await checked(issuer, when)).toMatchObject({ status: 0, stderr: '' })
    },
  )

  it('sallyport check accepts a rule that strangers meet if another rule denies them', async () => {
    const deny = "deny: [{ name: 'others', operations: ['*'], when: { not: { tenant: 'acme' } } }],"
    expect(await checked('github', "{ caller: 'service' }", deny)).toMatchObject({ status: 0, stderr: '' })
  })
})
