import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Child, spawnChild, untilReady } from '../../src/cli/dev/agents/child.ts'
import { startPythonServer } from '../agents/langgraph/servers'
import { root } from '../support/build'
import { privateKey, publicJwk } from '../support/keys'
import { type RecordingOrigin, startOrigin } from '../support/origin'
import { freePort } from '../support/port'
import type { PythonServer } from '../support/python'
import { signRaw } from '../support/tokens'
import { type Registry, startRegistry } from './registry'

/*
 * The package as it would be published, in an empty folder: a project, its own commands, a Python
 * LangGraph agent, a provider in the shape of Keycloak, and an upgrade. The tests follow each other
 * as a person's steps do.
 */

const key = await privateKey('RS256')
let registry: Registry
let agent: PythonServer
let keycloak: RecordingOrigin
let folder: string
let project: string
let started: Child | undefined
/** All that `npm start` has printed. */
const lines: string[] = []

const REALM = '/realms/acme'
const issuer = () => keycloak.url + REALM

beforeAll(async () => {
  ;[registry, agent, keycloak] = await Promise.all([
    startRegistry(),
    startPythonServer(),
    startOrigin((request, response) => {
      const certs = `${issuer()}/protocol/openid-connect/certs`
      const isDiscovery = request.url === `${REALM}/.well-known/openid-configuration`
      const answer = isDiscovery ? { issuer: issuer(), jwks_uri: certs } : { keys: [publicJwk(key)] }
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answer))
    }),
  ])
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-package-'))
  project = path.join(folder, 'my-gateway')
  for (const of of ['', 'create-sallyport']) registry.publish(pack(path.join(root, of)))
}, 600_000)
afterAll(async () => {
  await started?.stop()
  await Promise.all([registry?.close(), agent?.close(), keycloak?.close()])
  if (folder) rmSync(folder, { recursive: true, force: true })
})

/** Packs a folder as it would be published. */
function pack(from: string): string {
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: from,
    encoding: 'utf8',
  })
  return path.join(folder, packed.trim().split('\n').at(-1) ?? '')
}

function run(command: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: project, env: registry.env, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

const change = (file: string, from: string, to: string) => {
  const at = path.join(project, file)
  const text = readFileSync(at, 'utf8')
  expect(text).toContain(from)
  writeFileSync(at, text.replace(from, to))
}

/** The route's address, as `npm start` prints it. */
const routeUrl = () => lines.map((line) => line.trim()).find((line) => /^http:.*\/agents\/support$/.test(line))

/** The files of the project's owner, by what is in them. */
function owned(): Record<string, string> {
  const files = readdirSync(project, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(project, path.join(entry.parentPath, entry.name)))
    .filter((file) => !/^(?:node_modules|\.wrangler)\b|^package(?:-lock)?\.json$/.test(file))
  return Object.fromEntries(
    files.map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(path.join(project, file)))
        .digest('hex'),
    ]),
  )
}

describe('new projects', () => {
  it('npm create sallyport creates a complete project, and asks no question without a terminal', () => {
    const args = ['--agent', 'langgraph', '--id', 'support', '--url', agent.url, '--provider', 'keycloak']
    const created = spawnSync(
      'npm',
      [
        'create',
        '--yes',
        'sallyport@latest',
        'my-gateway',
        '--',
        ...args,
        '--issuer',
        issuer(),
        '--audience',
        'agents',
      ],
      { cwd: folder, env: registry.env, encoding: 'utf8', input: '' },
    )
    expect(created.stdout + created.stderr).toContain('npm start')
    expect(created.status).toBe(0)
    expect(Object.keys(owned()).sort()).toEqual([
      '.dev.vars',
      '.github/workflows/check.yml',
      '.gitignore',
      'README.md',
      'policies/login.ts',
      'policies/people.ts',
      'routes/index.ts',
      'routes/support.ts',
      'src/index.ts',
      'test/gateway.test.ts',
      'tsconfig.json',
      'wrangler.toml',
    ])
  }, 300_000)

  it('the installed package has no install scripts and no test files, and lists its packages (SBOM)', () => {
    const installed = path.join(project, 'node_modules/sallyport')
    const manifest = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'))
    expect(Object.keys(manifest.scripts).filter((name) => /^(?:pre|post)?install$|^prepare$/.test(name))).toEqual([])
    const { components } = JSON.parse(readFileSync(path.join(installed, 'dist/sbom.cdx.json'), 'utf8'))
    const names = (components as { name: string }[]).map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies)))
    // The tools of this repository's tests are no part of it.
    expect(names.filter((name) => /vitest|wrangler|playwright/.test(name))).toEqual([])
    expect(readdirSync(installed).sort()).toEqual(
      expect.arrayContaining(['CHANGELOG.md', 'LICENSE', 'NOTICE', 'README.md', 'dist', 'package.json']),
    )
    expect(readdirSync(installed).filter((name) => /^(?:src|test|routes)$/.test(name))).toEqual([])
  })

  it('the routes and policies of this repository compile, pass the check and can be bundled in a project', () => {
    const copy = path.join(folder, 'copy')
    for (const part of ['routes', 'policies', 'src/index.ts', 'wrangler.toml'])
      cpSync(path.join(root, part), path.join(copy, part), { recursive: true })
    for (const part of ['node_modules', 'package.json', 'tsconfig.json'])
      cpSync(path.join(project, part), path.join(copy, part), { recursive: true, verbatimSymlinks: true })
    const inCopy = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync('npx', ['--no-install', ...args], {
        cwd: copy,
        env: registry.env,
        encoding: 'utf8',
      })
      return { status, output: stdout + stderr }
    }
    expect(inCopy('tsc', '-p', '.')).toEqual({ status: 0, output: '' })
    expect(inCopy('sallyport', 'check')).toMatchObject({ status: 0, output: expect.stringContaining('4 routes') })
    expect(
      inCopy(
        'esbuild',
        'src/index.ts',
        '--bundle',
        '--external:cloudflare:workers',
        '--format=esm',
        '--outfile=out.js',
      ),
    ).toMatchObject({ status: 0 })
  }, 60_000)

  it('a new project passes its tests, its check, the strict compiler and a dry run of the deployment', () => {
    expect(run('npm', 'run', 'check')).toMatchObject({ status: 0, output: expect.stringContaining('no faults') })
    expect(run('npm', 'run', 'types')).toMatchObject({ status: 0 })
    expect(run('npm', 'test')).toMatchObject({ status: 0, output: expect.stringMatching(/3 passed/) })
    const dry = run('npx', 'wrangler', 'deploy', '--dry-run')
    expect(dry).toMatchObject({ status: 0, output: expect.stringContaining('dry-run') })
    // The same limit as for the Worker of this repository, in repo.test.ts.
    expect(Number(/gzip: ([\d.]+) KiB/.exec(dry.output)?.[1])).toBeLessThan(70)
  }, 120_000)

  it('a deployment of a new project fails if its configuration has a fault, and names the fault', () => {
    change('routes/support.ts', 'trust:', 'trst:')
    const broken = run('npx', 'wrangler', 'deploy', '--dry-run')
    change('routes/support.ts', 'trst:', 'trust:')
    expect(broken.status).not.toBe(0)
    expect(broken.output).toContain('Did you mean "trust"?')
    expect(broken.output).not.toContain('dry-run: exiting')
  }, 60_000)

  it('npm start in a new project answers 401 without a token, and streams a LangGraph answer with a token', async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const options = {
      name: 'npm start',
      command: 'npm',
      args: ['start', '--', '--port', String(port)],
      cwd: project,
      env: registry.env as Record<string, string>,
      readyUrl: `${url}/.sallyport/health`,
      startSeconds: 60,
      onLine: (line: string) => lines.push(line),
    }
    started = spawnChild(options)
    await untilReady(started, options)
    const ask = (headers: Record<string, string>) =>
      fetch(`${url}/agents/support/runs/stream`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({
          assistant_id: 'agent',
          input: { messages: [{ role: 'user', content: 'Who am I?' }] },
          stream_mode: ['values'],
        }),
      })
    expect((await ask({})).status).toBe(401)
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: issuer(), aud: ['agents', 'account'], sub: 'f3b1', typ: 'Bearer', azp: 'web', sid: 's1' }
    const more = { preferred_username: 'alice', email_verified: true, email: 'alice@acme.com', iat: now, exp: now + 60 }
    const token = signRaw({ alg: 'RS256', typ: 'JWT', kid: key.kid }, { ...claims, ...more }, key)
    const reply = await ask({ authorization: `Bearer ${token}` })
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, expect.stringContaining('event-stream')])
    expect(await reply.text()).toContain('f3b1')
  }, 120_000)

  it('npm start in a new project accepts local people, and the deployed bundle does not contain them', async () => {
    await expect.poll(routeUrl, { timeout: 20_000 }).toBeDefined()
    const url = routeUrl() ?? ''
    const { port } = new URL(url)
    const { output } = run('npx', '--no-install', 'sallyport', 'token', 'alice', '--port', port)
    const token = output.trim()
    expect(decodeJwt(token)).toMatchObject({ sub: 'alice', aud: 'agents' })
    const asked = () =>
      fetch(`${url}/runs/stream`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({
          assistant_id: 'agent',
          input: { messages: [{ role: 'user', content: 'Who am I?' }] },
          stream_mode: ['values'],
        }),
      })
    const reply = await asked()
    expect([reply.status, await reply.text()]).toEqual([200, expect.stringContaining('local:alice')])
    // The command that explains says the same of it, with what counts on this machine and without.
    writeFileSync(path.join(project, 'token.txt'), token)
    const explain = (...args: string[]) =>
      run('npx', '--no-install', 'sallyport', 'explain', '--token', 'token.txt', ...args)
    expect(explain('--dev', '--port', port)).toMatchObject({
      status: 0,
      output: expect.stringContaining('local:alice'),
    })
    expect(explain('--offline')).toMatchObject({
      status: 1,
      output: expect.stringContaining('Use --dev to read .dev.vars'),
    })
    rmSync(path.join(project, 'token.txt'))
    // Another person, and then none: the file is read while the command runs.
    writeFileSync(path.join(project, 'people.json'), '[{ "sub": "carol", "roles": ["member"] }]')
    await expect.poll(() => lines.filter((line) => line.includes('Loaded people.json')).length).toBe(1)
    expect(run('npx', '--no-install', 'sallyport', 'token', 'alice', '--port', port).output).toContain(
      'no token for alice',
    )
    expect(
      decodeJwt(run('npx', '--no-install', 'sallyport', 'token', 'carol', '--port', port).output.trim()),
    ).toMatchObject({ roles: ['member'] })
    rmSync(path.join(project, 'people.json'))

    expect(run('npx', 'wrangler', 'deploy', '--dry-run', '--outdir', 'out').status).toBe(0)
    const deployed = readFileSync(path.join(project, 'out/index.js'), 'utf8')
    rmSync(path.join(project, 'out'), { recursive: true })
    expect(deployed).not.toContain('local-people')
    expect(deployed).toContain('token-invalid')
  }, 60_000)

  it('npm start in a new project keeps the last good configuration after a faulty save, then loads a good save', async () => {
    const statusOf = async (at: string) => (await fetch(`${routeUrl()}`.replace('/agents/support', at))).status
    const told = (text: string) => lines.filter((line) => line.includes(text)).length
    change('routes/support.ts', "path: '/agents/support'", "path: '/agents/desk', oops: 1")
    await expect.poll(() => told('an unknown key')).toBe(1)
    expect(await statusOf('/agents/support/info')).toBe(401)
    // A file that is no TypeScript at all, saved over the first fault.
    change('routes/support.ts', "path: '/agents/desk', oops: 1", "path: '/agents/desk' oops")
    await expect.poll(() => told('routes/support.ts:')).toBeGreaterThan(0)
    expect(await statusOf('/agents/support/info')).toBe(401)
    change('routes/support.ts', "path: '/agents/desk' oops", "path: '/agents/desk'")
    await expect.poll(() => told('Loaded routes/support.ts')).toBe(1)
    await expect.poll(() => statusOf('/agents/desk/info')).toBe(401)
    expect(await statusOf('/agents/support/info')).toBe(404)
    change('routes/support.ts', "path: '/agents/desk'", "path: '/agents/support'")
    await expect.poll(() => statusOf('/agents/support/info')).toBe(401)
    // Another address for the agent, in a file that no module imports.
    change('.dev.vars', agent.url, 'http://127.0.0.1:9')
    await expect.poll(() => told('Loaded .dev.vars')).toBe(1)
    change('.dev.vars', 'http://127.0.0.1:9', agent.url)
    await expect.poll(() => told('Loaded .dev.vars')).toBe(2)
    await started?.stop()
    started = undefined
  }, 120_000)

  it('npm update upgrades the package in a new project, and changes no other file of the project', () => {
    const before = owned()
    const next = path.join(folder, 'next')
    cpSync(path.join(root, 'dist'), path.join(next, 'dist'), { recursive: true })
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }
    const [major, minor, patch] = manifest.version.split('.').map(Number)
    const version = `${major}.${minor}.${Number(patch) + 1}`
    const { scripts, ...rest } = manifest as typeof manifest & { scripts: unknown }
    writeFileSync(path.join(next, 'package.json'), JSON.stringify({ ...rest, version }))
    registry.publish(pack(next))
    expect(run('npm', 'update', 'sallyport', '--no-audit', '--no-fund').status).toBe(0)
    const installed = path.join(project, 'node_modules/sallyport/package.json')
    expect(JSON.parse(readFileSync(installed, 'utf8'))).toMatchObject({ version })
    expect(owned()).toEqual(before)
    expect(run('npm', 'run', 'check').status).toBe(0)
  }, 120_000)
})
