import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { type IdentityProvider, startIdentityProvider } from '../../src/cli/dev/identity-provider/provider.ts'
import { type Dev, linkPackage, startDev } from './dev'
import { type House, openHouse } from './house'
import { type LangGraphServer, startLangGraphServer } from './langgraph-server'
import { type RecordingOrigin, startOrigin } from './origin'
import { ready } from './packages'
import { freePort } from './port'

/**
 * A project that is not this repository: own routes, own people, own provider, and agents on this
 * machine.
 */
export interface DevProject {
  readonly house: House
  readonly dev: Dev
  /** The project's own identity provider, which is no part of it. */
  readonly company: IdentityProvider
  readonly agents: { readonly support: LangGraphServer; readonly desk: RecordingOrigin }
  close(): Promise<void>
}

const file = (name: string, text: string) => ({ name, text })
const route = (id: string, agent: string, more = '') =>
  file(
    `routes/${id}.ts`,
    `import { defineRoute } from 'sallyport'
import login from '../policies/login'
import talk from '../policies/talk'
export default defineRoute({ id: '${id}', path: '/agents/${id}', agent: ${agent}, ${more}trust: [login], policies: [talk] })
`,
  )

const files = [
  route('support', "{ kind: 'langgraph', origin: { env: 'SUPPORT_URL' } }"),
  route('notes', "{ kind: 'ag-ui', origin: { env: 'NOTES_URL' } }", "identity: { state: { key: 'auth_user' } }, "),
  route(
    'desk',
    "{ kind: 'http', origin: { env: 'DESK_URL' }, endpoints: [{ operation: 'ticket.list', method: 'GET', path: '/tickets' }, { operation: 'ticket.close', method: 'POST', path: '/tickets/:id/close' }] }",
  ),
  route('billing', "{ kind: 'langgraph', origin: { url: 'https://billing.internal.acme.com' } }"),
  route('absent', "{ kind: 'ag2', origin: { env: 'ABSENT_URL' } }"),
  file(
    'routes/index.ts',
    `import absent from './absent'
import billing from './billing'
import desk from './desk'
import notes from './notes'
import support from './support'
export default [support, notes, desk, billing, absent]
`,
  ),
  file(
    'policies/talk.ts',
    `import { definePolicy } from 'sallyport'
export default definePolicy({
  id: 'talk',
  allow: [
    { name: 'members talk', operations: ['run.*', 'threads.create', 'threads.read', 'ticket.list'], when: { role: ['member', 'chief'] } },
    { name: 'chiefs close', operations: ['threads.delete', 'ticket.close'], when: { role: 'chief' } },
  ],
  examples: [
    { as: { roles: ['member'] }, does: 'run.stream', expect: 'allow' },
    { as: { roles: ['member'] }, does: 'ticket.close', expect: 'deny' },
  ],
})
`,
  ),
  file(
    'policies/login.ts',
    `import { defineIssuer } from 'sallyport'
export default defineIssuer({ id: 'login', issuer: { env: 'ISSUER_URL' }, audience: ['agents'], algorithms: ['RS256'], claims: { roles: 'roles' } })
`,
  ),
  file(
    'people.json',
    JSON.stringify([
      { sub: 'carol', name: 'Carol Member', roles: ['member'], tenant: 'acme' },
      { sub: 'dora', name: 'Dora Chief', roles: ['chief'], tenant: 'acme' },
    ]),
  ),
]

export async function startDevProject(): Promise<DevProject> {
  await ready('examples/ag-ui-agent')
  const [support, desk, company, notes, absent] = await Promise.all([
    startLangGraphServer(),
    startOrigin(),
    startIdentityProvider(),
    freePort(),
    freePort(),
  ])
  const house = openHouse()
  for (const { name, text } of files) house.write(name, text)
  linkPackage(house.root)
  const agent = path.resolve('examples/ag-ui-agent')
  house.write('dev.json', JSON.stringify({ agents: { notes: { command: 'node agent.ts', folder: agent } } }))
  const vars = {
    ISSUER_URL: company.issuer,
    SUPPORT_URL: support.url,
    NOTES_URL: `http://127.0.0.1:${notes}`,
    DESK_URL: desk.url,
    ABSENT_URL: `http://127.0.0.1:${absent}/chat`,
  }
  const lines = Object.entries(vars).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(path.join(house.root, '.dev.vars'), lines.join(''), { mode: 0o600 })
  const dev = await startDev(house.root)
  return {
    house,
    dev,
    company,
    agents: { support, desk },
    async close() {
      await dev.stop()
      await Promise.all([support.close(), desk.close(), company.close()])
      house.close()
    },
  }
}
