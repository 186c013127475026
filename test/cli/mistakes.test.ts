import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type House, openHouse } from '../support/house'

/*
 * Mistakes that people make in their configuration, each with the file and the text of the
 * message. All are found without a network, before a deploy.
 */

let house: House
beforeEach(() => {
  house = openHouse()
})
afterEach(() => house?.close())

interface Mistake {
  readonly in: string
  readonly from: string
  readonly to: string
  /** The file that is blamed, and no other. */
  readonly blames: string
  readonly says: string
}

const toml = (from: string, to: string, says: string): Mistake => ({
  in: 'wrangler.toml',
  from,
  to,
  blames: 'wrangler.toml',
  says,
})
const support = (from: string, to: string, says: string, blames = 'routes/support.ts'): Mistake => ({
  in: 'routes/support.ts',
  from,
  to,
  blames,
  says,
})
const desk = (from: string, to: string, says: string): Mistake => ({
  in: 'routes/desk.ts',
  from,
  to,
  blames: 'routes/desk.ts',
  says,
})
const login = (from: string, to: string, says: string): Mistake => ({
  in: 'policies/login.ts',
  from,
  to,
  blames: 'policies/login.ts',
  says,
})
const talk = (from: string, to: string, says: string): Mistake => ({
  in: 'policies/talk.ts',
  from,
  to,
  blames: 'policies/talk.ts',
  says,
})
const TOP = 'routes = [{ pattern = "gate.acme.com", custom_domain = true }]\n'
const STAGING = 'routes = [{ pattern = "gate.staging.acme.com", custom_domain = true }]\n'
const FLAGS = 'compatibility_flags = ["enable_request_signal", "request_signal_passthrough"]'
const PUBLIC = 'PUBLIC_URL = "https://gate.acme.com"'

const mistakes: Readonly<Record<string, Mistake>> = {
  // wrangler.toml
  'staging inherits the address of production': toml(STAGING, '', 'moves the address of the top level'),
  'routes below [vars]': toml(`${TOP}\n[vars]\n`, `\n[vars]\n${TOP}`, 'Move the field above the first [table]'),
  'a route for another host than PUBLIC_URL': toml(
    '"gate.acme.com"',
    '"agents.acme.com"',
    'an entry for gate.acme.com',
  ),
  'a route for some paths only': toml(
    '{ pattern = "gate.acme.com", custom_domain = true }',
    '{ pattern = "gate.acme.com/agents/*", zone_name = "acme.com" }',
    'all paths of gate.acme.com',
  ),
  'no compatibility flags': toml(FLAGS, '', 'enable_request_signal'),
  'one flag of two': toml(FLAGS, 'compatibility_flags = ["enable_request_signal"]', '"request_signal_passthrough"'),
  'a misspelt flag': toml('"enable_request_signal"', '"enable_request_signals"', '"enable_request_signal"'),
  'a second address at workers.dev': toml('workers_dev = false', 'workers_dev = true', 'Set workers_dev = false'),
  'a second address at workers.dev, by default': toml('workers_dev = false\n', '', 'Set workers_dev = false'),
  'previews of every version': toml('preview_urls = false', 'preview_urls = true', 'preview_urls = false'),
  'development mode in production': toml(PUBLIC, `${PUBLIC}\nENVIRONMENT = "development"`, 'can be deployed'),
  'a mode that does not exist': toml(PUBLIC, `${PUBLIC}\nENVIRONMENT = "prod"`, '"production" or "development"'),
  'PUBLIC_URL with a path': toml(PUBLIC, 'PUBLIC_URL = "https://gate.acme.com/agents"', 'without a path'),
  'PUBLIC_URL with a slash': toml(PUBLIC, 'PUBLIC_URL = "https://gate.acme.com/"', 'and without a slash at the end'),
  'PUBLIC_URL without TLS': toml(PUBLIC, 'PUBLIC_URL = "http://gate.acme.com"', 'https'),
  'PUBLIC_URL without a scheme': toml(PUBLIC, 'PUBLIC_URL = "gate.acme.com"', 'https'),
  'no PUBLIC_URL': toml(`${PUBLIC}\n`, '', 'vars.PUBLIC_URL'),
  'PUBLIC_URL misspelt': toml('PUBLIC_URL = "https://gate.acme', 'PUBLIC_ULR = "https://gate.acme', 'vars.PUBLIC_URL'),
  'a signing key among the variables': toml(
    PUBLIC,
    `${PUBLIC}\nSIGNING_KEYS = "{}"`,
    'wrangler secret put SIGNING_KEYS',
  ),
  'a thread secret among the variables': toml(PUBLIC, `${PUBLIC}\nTHREAD_SECRET = "abc"`, 'secret put THREAD_SECRET'),
  'a vendor’s key among the variables': toml(
    PUBLIC,
    `${PUBLIC}\nMODEL = "sk-live-0123456789abcdefghij"`,
    'a text of 28 characters, which is not shown',
  ),
  'a password among the variables of staging': toml(
    '[env.staging.vars]',
    '[env.staging.vars]\nDB_PASSWORD = "hunter2"',
    'env.staging.vars.DB_PASSWORD',
  ),
  'a placeholder that is deployed': toml('https://login.acme.com', 'https://login.example.com', 'a placeholder'),
  'a placeholder as the address of an agent': toml(
    'https://desk.internal.acme.com',
    'https://desk.internal.example.com',
    'vars.DESK_URL',
  ),
  'a variable missing in one environment': {
    ...toml('DESK_URL = "https://desk.staging.acme.com"', '', 'DESK_URL'),
    blames: 'routes/desk.ts',
  },
  'a variable misspelt': {
    ...toml('SUPPORT_URL = "https://support.internal', 'SUPORT_URL = "https://support.internal', 'SUPPORT_URL'),
    blames: 'routes/support.ts',
  },
  'a field of wrangler misspelt': toml('workers_dev = false', 'workers_dev = false\ncompat_flags = []', 'compat_flags'),
  // routes/
  'an unknown key': support('trust:', 'trst:', 'Did you mean "trust"?'),
  'a policy under another name': support('policies:', 'policy:', 'Did you mean "policies"?'),
  'a kind that does not exist': support("kind: 'langgraph'", "kind: 'langraph'", 'Did you mean "langgraph"?'),
  'a kind by the name of its company': support("kind: 'langgraph'", "kind: 'langchain'", 'Did you mean "langgraph"?'),
  'an origin without TLS': support("{ env: 'SUPPORT_URL' }", "{ url: 'http://support.acme.com' }", 'an https URL'),
  'an origin that is no address': support("{ env: 'SUPPORT_URL' }", "{ url: 'support.acme.com' }", 'an https URL'),
  'the gateway’s own address as an agent': support(
    "{ env: 'SUPPORT_URL' }",
    "{ url: 'https://gate.acme.com' }",
    "other than the gateway's own",
  ),
  'a text in place of an issuer': support('trust: [login]', "trust: ['login']", 'trust[0]'),
  'an issuer and a policy swapped': support(
    'trust: [login],\n  policies: [talk]',
    'trust: [talk],\n  policies: [login]',
    'trust[0]',
  ),
  'an import that is undefined': support('trust: [login]', 'trust: [undefined as never]', 'undefined'),
  'an import that is missing': support(
    "import login from '../policies/login'\n",
    '',
    "import login from '../policies/login'",
  ),
  'an import that leads nowhere': support(
    '../policies/login',
    '../policies/logins',
    'Could not resolve "../policies/logins"',
  ),
  'a syntax error': support("path: '/agents/support',", "path: '/agents/support'", 'routes/support.ts:8'),
  'a path with a slash at its end': support("'/agents/support'", "'/agents/support/'", 'path'),
  'a path without a slash': support("'/agents/support'", "'agents/support'", 'path'),
  'two routes of one path': support("'/agents/support'", "'/agents/desk'", 'overlaps', 'routes/desk.ts'),
  'a path below another’s': support("'/agents/support'", "'/agents/desk/more'", 'overlaps', 'routes/desk.ts'),
  'the gateway’s own path': support("'/agents/support'", "'/.well-known/agents'", 'a path such as'),
  'a wildcard for web pages': support(
    'trust: [login]',
    "trust: [login],\n  cors: { origins: ['https://*.acme.com'] }",
    'other wildcards do not exist',
  ),
  'any web page at all': support('trust: [login]', "trust: [login],\n  cors: { origins: ['*'] }", 'cors.origins[0]'),
  'a web page with a slash': support(
    'trust: [login]',
    "trust: [login],\n  cors: { origins: ['https://app.acme.com/'] }",
    'one exact web origin',
  ),
  'pages of this machine in production': support(
    'trust: [login]',
    "trust: [login],\n  cors: { origins: ['http://localhost:*'] }",
    'works in development',
  ),
  'an operation that the kind has not': support(
    "origin: { env: 'SUPPORT_URL' }",
    "origin: { env: 'SUPPORT_URL' }, operations: ['thread.read']",
    'Did you mean "threads.read"?',
  ),
  'a secret in place of the name of a secret': support(
    "origin: { env: 'SUPPORT_URL' }",
    "origin: { env: 'SUPPORT_URL' }, credential: { header: 'x-api-key', secret: 'sk-live-abc123' }",
    'agent.credential.secret',
  ),
  'a token in place of an audience': login(
    "['agents']",
    "['eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl' as never, '']",
    'audience',
  ),
  'a route with an id that is not the name of its file': {
    ...desk("id: 'desk'", "id: 'tickets'", 'Rename the file or the id.'),
    blames: 'routes/tickets.ts',
  },
  'two routes of one id': {
    ...desk("id: 'desk'", "id: 'support'", 'an id that no other route has'),
    blames: 'routes/support.ts',
  },
  'an endpoint without a method': desk("method: 'POST', ", '', 'method'),
  'a method in small letters': desk("'POST'", "'post'", 'method'),
  'an endpoint twice': desk(
    'endpoints: [',
    "endpoints: [\n      { operation: 'ticket.end', method: 'POST', path: '/tickets/:ticket/close' },",
    'endpoints that differ in method or path',
  ),
  'threads where the kind has none': desk('trust: [login]', "trust: [login],\n  threads: 'own'", 'threads'),
  'a route that is not listed': {
    in: 'routes/index.ts',
    from: 'export default [support, desk]',
    to: 'export default [support]',
    blames: 'routes/desk.ts',
    says: "import desk from './desk'",
  },
  'an object in place of the list of routes': {
    in: 'routes/index.ts',
    from: 'export default [support, desk]',
    to: 'export default { support, desk }',
    blames: 'routes/index.ts',
    says: 'export default [support]',
  },
  // policies/
  'a preset by the name of its company': login(
    "id: 'login',",
    "id: 'login',\n  preset: 'azure' as never,",
    'Did you mean "entra"?',
  ),
  'a preset misspelt': login(
    "id: 'login',",
    "id: 'login',\n  preset: 'keycloack' as never,",
    'Did you mean "keycloak"?',
  ),
  'a preset that cannot work as it is used': login("id: 'login',", "id: 'login',\n  preset: 'okta',", '/oauth2/'),
  'an algorithm with a shared secret': login("['RS256']", "['HS256' as never]", 'algorithms'),
  'no audience': login("['agents']", '[]', 'audience'),
  'an audience that is one text': login("['agents']", "'agents' as never", 'audience'),
  'an issuer without TLS': login("{ env: 'ISSUER_URL' }", "'http://login.acme.com'", 'issuer'),
  'a claim for roles that is no path': login(
    'audience:',
    "claims: { role: 'roles' } as never,\n  audience:",
    'Did you mean "roles"?',
  ),
  'an operation misspelt in a rule': talk(
    "'threads.delete', 'ticket.close'",
    "'thread.delete', 'ticket.close'",
    'Did you mean "threads.delete"?',
  ),
  'a condition misspelt': talk(
    "when: { role: 'member' }",
    "when: { roles: 'member' } as never",
    'Did you mean "role"?',
  ),
  'an example that fails': talk(
    "does: 'threads.delete', expect: 'deny'",
    "does: 'threads.delete', expect: 'allow'",
    'examples[1]',
  ),
  'a role misspelt in an example': talk(
    "roles: ['member'] }, does: 'run.stream'",
    "roles: ['memeber'] }, does: 'run.stream'",
    'Did you mean "member"?',
  ),
  'no example of what is denied': talk(
    "expect: 'deny' },\n    { as: { roles: ['member'] }, does: 'ticket.close', expect: 'deny' }",
    "expect: 'allow' }",
    'one that is denied',
  ),
  'a rule for an issuer that no route trusts': talk(
    "when: { role: 'admin' }",
    "when: { role: 'admin', issuer: 'logni' }",
    'Did you mean "login"?',
  ),
  'a role in two spellings': talk(
    "when: { role: 'admin' }",
    "when: { any: [{ role: 'Member' }, { role: 'admin' }] }",
    'Did you mean "member"?',
  ),
  'an example of an operation that does not exist': talk(
    "does: 'ticket.close'",
    "does: 'ticket.clos'",
    'Did you mean "ticket.close"?',
  ),
  'two scopes in one text': talk("{ role: 'admin' }", "{ scope: 'a.read a.write' }", 'a scope has no space'),
  'a role with an invisible character': talk("{ role: 'admin' }", "{ role: 'ad\\u200bmin' }", 'invisible characters'),
  'a part of a path in braces': desk("'/tickets/:id/close'", "'/tickets/{id}/close'", 'as :name'),
  'an example of a pattern': talk(
    "does: 'threads.delete', expect: 'deny'",
    "does: 'threads.*', expect: 'deny'",
    'not a pattern',
  ),
  'the address of the document as the issuer': login(
    "{ env: 'ISSUER_URL' }",
    "'https://login.acme.com/.well-known/openid-configuration'",
    'not the address of its document',
  ),
  'a space at the end of the issuer': login("{ env: 'ISSUER_URL' }", "'https://login.acme.com/ '", 'issuer'),
  'a secret in a policy': talk(
    "{ role: 'admin' }",
    "{ role: ['admin', 'sk-live-0123456789abcdef'] }",
    'no secret in a file',
  ),
  'a route whose policies allow nothing that it offers': support(
    "origin: { env: 'SUPPORT_URL' }",
    "origin: { env: 'SUPPORT_URL' }, operations: ['store.*']",
    'which allow none of',
  ),
  'production’s address and variables copied to staging': toml(STAGING, TOP, 'an entry for gate.staging.acme.com'),
  'one host for two environments': toml(
    `${STAGING}\n[env.staging.vars]\nPUBLIC_URL = "https://gate.staging.acme.com"`,
    `${TOP}\n[env.staging.vars]\n${PUBLIC}`,
    'which the top level has too',
  ),
  'one name for two environments': toml('[env.staging]\n', '[env.staging]\nname = "house"\n', 'a name of its own'),
  'a zone route for the first page alone': toml(
    '{ pattern = "gate.acme.com", custom_domain = true }',
    '"gate.acme.com"',
    'all paths of gate.acme.com',
  ),
  'a custom domain with a path': toml('"gate.acme.com", custom', '"gate.acme.com/*", custom', 'a host alone'),
  'a compatibility date of long ago': toml('"2026-10-01"', '"2021-01-01"', 'compatibility_date'),
  'a compatibility date in another order': toml('"2026-10-01"', '"01.10.2026"', 'compatibility_date'),
  'no main': toml('main = "src/index.ts"\n', '', 'main'),
  'a main that is not there': toml('"src/index.ts"', '"src/worker.ts"', '"src/worker.ts", a file that does not exist'),
  'a Worker of other routes': {
    in: 'src/index.ts',
    from: 'createWorker(routes)',
    to: 'createWorker(routes.slice(0, 1))',
    blames: 'src/index.ts',
    says: 'Otherwise the deployed routes are not the checked',
  },
  'a Worker without a default export': {
    in: 'src/index.ts',
    from: 'export default createWorker(routes)',
    to: 'export const gateway = createWorker(routes)',
    blames: 'src/index.ts',
    says: 'no default export',
  },
  'a database’s password among the variables': toml(
    PUBLIC,
    `${PUBLIC}\nDATABASE = "postgres://app:hunter2@db.acme.com/app"`,
    'which is not shown',
  ),
  'a key whose name is in small letters': toml(PUBLIC, `${PUBLIC}\nopenaiApiKey = "hunter2"`, 'vars.openaiApiKey'),
  'a list that is one issuer': support('trust: [login]', 'trust: login as never', 'trust'),
  'a hole in the list of routes': {
    in: 'routes/index.ts',
    from: '[support, desk]',
    to: '[support, desk, undefined]',
    blames: 'routes/index.ts',
    says: 'routes/index.ts [2]',
  },
  'a key twice in wrangler’s file': toml(PUBLIC, `${PUBLIC}\n${PUBLIC}`, 'wrangler.toml:'),
  'a text without quotes in wrangler’s file': toml(PUBLIC, 'PUBLIC_URL = https://gate.acme.com', 'wrangler.toml:'),
  'an id that is another file’s': login("id: 'login'", "id: 'logins'", 'Rename the file or the id.'),
}
it.each([
  'TOKEN_URL = "https://login.acme.com/token"',
  'MAX_TOKENS = "4000"',
  'PASSWORD_RESET_URL = "https://login.acme.com/reset"',
  'API_KEY_HEADER = "x-api-key"',
  'MODEL = "sk-learn-embeddings"',
  'PUBLIC_KEY = "MCowBQYDK2VwAyEA"',
])('sallyport check accepts a variable that only looks like a secret: %s', async (line) => {
  const run = () => house.command('check')
  expect(await house.withChange('wrangler.toml', PUBLIC, `${PUBLIC}\n${line}`, run)).toMatchObject({
    status: 0,
    stderr: '',
  })
})

it('sallyport check prints warnings for settings that may be intended, and does not fail', async () => {
  const said = async (file: string, from: string, to: string) =>
    house.withChange(file, from, to, async () => {
      const { status, stdout, stderr } = await house.command('check')
      expect([status, stderr]).toEqual([0, ''])
      return stdout
    })
  const open = 'public: true'
  expect(await said('routes/support.ts', 'trust: [login],\n  policies: [talk],', open)).toContain(
    '! /agents/support is public',
  )
  expect(await said('wrangler.toml', 'https://desk.staging.acme.com', 'https://desk.internal.acme.com')).toContain(
    '! env.staging.vars.DESK_URL names the same agent as at the top level.',
  )
  expect(await said('wrangler.toml', PUBLIC, `${PUBLIC}\nOLD_URL = "https://old.acme.com"`)).toContain(
    '! vars.OLD_URL: nothing reads this variable.',
  )
})

describe.each(Object.entries(mistakes))('a configuration with the mistake: %s', (_name, mistake) => {
  it('sallyport check reports a mistake in the configuration, and names only the file to correct', async () => {
    const run = () => house.command('check')
    const { status, stderr } = await house.withChange(mistake.in, mistake.from, mistake.to, run)
    expect(status).toBe(1)
    expect(stderr).toContain(mistake.says)
    // A value that could be a secret is in no terminal and no log.
    expect(stderr).not.toMatch(/sk-live|hunter2|eyJhbGciOi/)
    const blamed = [...stderr.matchAll(/^ {2}((?:routes|policies|src)\/[\w-]+\.ts|wrangler\.toml)\b/gm)].map(
      ([, file]) => file,
    )
    expect([...new Set(blamed)], stderr).toEqual([
      mistake.blames === 'policies/login.ts' && stderr.includes('policies/logins.ts')
        ? 'policies/logins.ts'
        : mistake.blames,
    ])
  })
})

describe('suggestions', () => {
  it.each([
    ['policies/login.ts', "['agents']", "'agents' as never", 'a list'],
    ['routes/support.ts', 'trust: [login]', "trust: ['login'] as never", 'an object'],
    ['wrangler.toml', '[env.staging]\n', '[env.staging]\nname = "house"\n', 'a name of its own'],
  ])(
    'sallyport check suggests no value in place of a value that is not a name: %s, %s',
    async (file, from, to, expected) => {
      const { stderr } = await house.withChange(file, from, to, () => house.command('check'))
      expect(stderr).toContain(`expected  ${expected}\n`)
      expect(stderr).not.toContain('Did you mean')
    },
  )

  it('sallyport check suggests a possible value for a misspelt method', async () => {
    const { stderr } = await house.withChange('routes/desk.ts', "'POST'", "'post' as never", () =>
      house.command('check'),
    )
    expect(stderr).toContain('expected  "GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE"')
    expect(stderr).toContain('Did you mean "POST"?')
  })
})
