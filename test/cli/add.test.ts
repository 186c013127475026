import { mkdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kinds } from '../../src/agents/kinds'
import { type House, openHouse } from '../support/house'

/* `sallyport add`, in a copy of a project. */

let house: House
beforeEach(() => {
  house = openHouse()
})
afterEach(() => house?.close())

const INDEX = "import desk from './desk'\nimport support from './support'\n\nexport default [support, desk]\n"

describe('sallyport add KIND ID URL', () => {
  it('sallyport add writes and prints a route, its line in the list of routes, and its variable in every environment', async () => {
    const { status, stdout } = await house.command('add', 'langgraph', 'help-desk', 'https://help.acme.com')
    expect(status).toBe(0)
    expect(house.read('routes/index.ts')).toBe(
      "import desk from './desk'\nimport support from './support'\nimport helpDesk from './help-desk'\n\nexport default [support, desk, helpDesk]\n",
    )
    expect(house.read('routes/help-desk.ts')).toContain(
      "agent: { kind: 'langgraph', origin: { env: 'HELP_DESK_AGENT_URL' } }",
    )
    expect(house.read('wrangler.toml').match(/^HELP_DESK_AGENT_URL = "https:\/\/help\.acme\.com"$/gm)).toHaveLength(2)
    expect(stdout).toContain("+ import helpDesk from './help-desk'")
    expect(stdout).toContain('- export default [support, desk]')
    expect(stdout).toContain('configurable_headers')
    expect((await house.command('check')).status).toBe(0)
  })

  it('sallyport add writes a local address only to .dev.vars, so that it is not deployed', async () => {
    house.write('.dev.vars', 'OTHER="x"')
    expect((await house.command('add', 'ag2', 'ag2', 'http://127.0.0.1:8001/chat')).status).toBe(0)
    expect(house.read('.dev.vars')).toBe('OTHER="x"\nAG2_AGENT_URL="http://127.0.0.1:8001/chat"\n')
    expect(house.read('wrangler.toml')).not.toContain('127.0.0.1')
    // The placeholder in its place is no address to deploy with.
    expect((await house.command('check')).stderr).toContain('"https://ag2.internal.example.com/chat", a placeholder')
  })

  it.each(Object.keys(kinds))('sallyport add writes a valid route for the kind %s', async (kind) => {
    house.write('policies/people.ts', readFileSync('create-sallyport/template/policies/people.ts', 'utf8'))
    expect((await house.command('add', kind, 'new', 'https://new.acme.com', '--policy', 'people')).stderr).toBe('')
    expect((await house.command('check')).stderr).toBe('')
    // Each tells its agent who is asking, as it says it does.
    const { routes } = JSON.parse((await house.command('routes', '--json')).stdout)
    const { identity } =
      (routes as { id: string; identity: Record<string, unknown> }[]).find(({ id }) => id === 'new') ?? {}
    expect(Boolean(identity?.headers || identity?.state || identity?.assertion === 'bearer')).toBe(true)
  })

  it.each([
    ["import desk from './desk'\nimport support from './support'\nconst all = [support, desk]\nexport default all\n"],
    ["import desk from './desk'\nimport support from './support'\n\nexport default [support, ...[desk]]\n"],
  ])(
    'if the list of routes has an unusual form, sallyport add changes nothing and prints the lines to add: %j',
    async (index) => {
      house.write('routes/index.ts', index)
      const { status, stderr } = await house.command('add', 'mcp', 'tools', 'https://tools.acme.com')
      expect(status).toBe(1)
      expect(stderr).toContain("import tools from './tools'")
      expect(stderr).toContain('Nothing was changed')
      expect(house.read('routes/index.ts')).toBe(index)
      expect(() => house.read('routes/tools.ts')).toThrow()
    },
  )

  it('sallyport add undoes all its changes if the project would not load', async () => {
    const before = house.read('wrangler.toml')
    const { status, stderr } = await house.command('add', 'mcp', 'tools', 'http://tools.acme.com')
    expect([status, stderr]).toEqual([1, expect.stringContaining('Nothing was changed: the project would not load.')])
    expect(stderr).toContain('an https URL')
    expect([house.read('wrangler.toml'), house.read('routes/index.ts')]).toEqual([before, INDEX])
    expect(() => house.read('routes/tools.ts')).toThrow()
  })

  it('sallyport add overwrites no file, and asks for --policy if there are several policies', async () => {
    expect((await house.command('add', 'mcp', 'desk', 'https://d.acme.com')).stderr).toContain(
      'routes/desk.ts already exists',
    )
    house.write('policies/other.ts', house.read('policies/talk.ts').replace("'talk'", "'other'"))
    const { stderr } = await house.command('add', 'mcp', 'tools', 'https://d.acme.com')
    expect(stderr).toContain('Choose with --policy: other, talk')
    expect((await house.command('add', 'mcp', 'tools', 'https://d.acme.com', '--policy', 'other')).status).toBe(0)
  })

  it('sallyport add ignores comments in the list of routes, and refuses text that is not an address', async () => {
    house.write('routes/index.ts', `// once: export default [a]\n${INDEX}`)
    expect((await house.command('add', 'maf', 'tools', 'https://tools.acme.com')).status).toBe(0)
    expect(house.read('routes/index.ts')).toContain('\nexport default [support, desk, tools]')
    expect((await house.command('add', 'maf', 'x', 'localhost:8123')).stderr).toContain(
      'is not the address of an agent',
    )
  })

  it.each([
    [['frobnicate', 'x', 'https://a.acme.com']],
    [['mcp', 'x']],
    [['mcp', 'x', 'https://a.acme.com', 'more']],
    [['mcp', 'Ä', 'https://a.acme.com']],
    [[]],
  ])('sallyport add prints its usage or the fault for wrong arguments: %j', async (args) => {
    const { status, stderr } = await house.command('add', ...args)
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^usage: sallyport add|is not an id|There is no kind of agent/),
    ])
  })

  it('sallyport add writes the variable of a route into wrangler.jsonc, and keeps the comments of the file', async () => {
    const { root } = house
    mkdirSync(root, { recursive: true })
    house.write(
      'wrangler.jsonc',
      `{
  // The gateway.
  "name": "house", "main": "src/index.ts", "compatibility_date": "2026-10-01",
  "compatibility_flags": ["enable_request_signal", "request_signal_passthrough"],
  "workers_dev": false,
  "vars": {
    "PUBLIC_URL": "https://gate.acme.com", "ISSUER_URL": "https://login.acme.com",
    "SUPPORT_URL": "https://s.acme.com", "DESK_URL": "https://d.acme.com"
  }
}
`,
    )
    expect((await house.command('add', 'maf', 'tools', 'https://tools.acme.com')).stderr).toBe('')
    expect(house.read('wrangler.jsonc')).toContain('// The gateway.')
    expect(house.read('wrangler.jsonc')).toContain('"TOOLS_AGENT_URL": "https://tools.acme.com"')
    expect((await house.command('check')).status).toBe(0)
  })
})

describe('sallyport add provider', () => {
  it('sallyport add provider writes an issuer with the members that its preset requires', async () => {
    const args = ['--id', 'okta', '--issuer', 'https://acme.okta.com/oauth2/default', '--audience', 'api://default']
    expect((await house.command('add', 'provider', 'okta', ...args)).status).toBe(0)
    expect(house.read('policies/okta.ts')).toContain(
      "  preset: 'okta',\n  issuer: 'https://acme.okta.com/oauth2/default',\n  audience: ['api://default'],\n  algorithms: ['RS256'],",
    )
  })

  it('sallyport add provider writes a local issuer as a variable, because production has another issuer', async () => {
    const args = ['--id', 'kc', '--issuer', 'http://localhost:8180/realms/acme']
    expect((await house.command('add', 'provider', 'keycloak', ...args)).status).toBe(0)
    expect(house.read('policies/kc.ts')).toContain("issuer: { env: 'KC_ISSUER' }")
    expect(house.read('.dev.vars')).toContain('KC_ISSUER="http://localhost:8180/realms/acme"')
    expect(house.read('wrangler.toml')).toContain('KC_ISSUER = "https://keycloak.example.com/realms/acme"')
  })

  it.each([
    [['oidc', '--id', 'corp', '--algorithm', 'HS256'], 'algorithms'],
    [['okta', '--id', 'corp', '--issuer', 'https://acme.okta.com'], '/oauth2/'],
    [['oidc', '--id', 'corp', '--issuer', 'http://sso.acme.com'], 'issuer'],
    [['oidc', '--id', 'corp', '--issuer', 'https://u:p@sso.acme.com'], 'issuer'],
    [['auth0', 'https://acme.auth0.com/'], 'usage'],
  ])('sallyport add provider writes no issuer that cannot work: %j', async (args, says) => {
    const { status, stderr } = await house.command('add', 'provider', ...args)
    expect([status, stderr]).toEqual([1, expect.stringContaining(says)])
    expect(() => house.read('policies/corp.ts')).toThrow()
  })

  it('sallyport add provider gives a second issuer a subjectPrefix, so that a route can trust both', async () => {
    const args = ['--id', 'partner', '--issuer', 'https://acme.eu.auth0.com/', '--audience', 'agents']
    expect((await house.command('add', 'provider', 'auth0', ...args)).status).toBe(0)
    expect(house.read('policies/partner.ts')).toContain("subjectPrefix: 'partner:'")
    expect(
      (await house.command('add', 'maf', 'both', 'https://both.acme.com', '--trust', 'login,partner')).stderr,
    ).toBe('')
    const unknown = await house.command('add', 'maf', 'x', 'https://x.acme.com', '--trust', 'logn')
    expect(unknown.stderr).toContain('There is no issuer "logn" in policies/. The files there are: login, partner.')
    expect((await house.command('add', 'langraph', 'x', 'https://x.acme.com')).stderr).toContain(
      'Did you mean "langgraph"?',
    )
  })

  it('sallyport add provider without --issuer writes a valid placeholder for each preset', async () => {
    const presets =
      'entra auth0 okta keycloak cognito clerk workos supabase firebase google cloudflare-access zitadel authentik openiddict oidc'
    for (const preset of presets.split(' ')) {
      expect((await house.command('add', 'provider', preset, '--id', preset)).stderr).toBe('')
      expect((await house.command('add', 'mcp', `of-${preset}`, 'https://m.acme.com', '--trust', preset)).stderr).toBe(
        '',
      )
      // A deployment with an address must not go out with it.
      expect((await house.command('check')).stderr).toContain('a placeholder')
    }
  })
})
