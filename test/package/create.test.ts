import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kinds } from '../../src/agents/kinds'
import { issuerPresetNames } from '../../src/config/issuer-schema'
import { root } from '../support/build'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-create-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function create(...args: string[]) {
  const script = path.join(root, 'create-sallyport/index.js')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: folder,
    encoding: 'utf8',
    input: '',
  })
  return { status, stdout, stderr }
}

describe('npm create sallyport', () => {
  it('npm create sallyport --help names every kind of agent and every preset of the package', () => {
    const { status, stdout } = create('--help')
    expect(status).toBe(0)
    for (const name of [...Object.keys(kinds), ...issuerPresetNames, 'oidc'])
      expect(stdout).toMatch(new RegExp(`[ ,]${name}(?:,|\\n)`))
  })

  it.each([
    [['a', '--agent', 'langgraf'], 'There is no kind of agent "langgraf".'],
    [['a', '--provider', 'azure'], 'There is no provider "azure".'],
    [['a', '--agent', 'mcp', '--url', 'nowhere'], '"nowhere" is not an address'],
    [['a', '--url', 'https://a.acme.com'], '--url needs --agent'],
    [['a', '--agnet', 'mcp'], "Unknown option '--agnet'"],
  ])('npm create sallyport prints a sentence about wrong arguments, and writes nothing: %j', (args, says) => {
    const { status, stderr } = create(...args)
    expect([status, stderr]).toEqual([1, expect.stringContaining(says)])
    expect(stderr).not.toMatch(/^ {4}at /m)
    expect(existsSync(path.join(folder, 'a'))).toBe(false)
  })

  it('npm create sallyport writes a project with the name of its folder, and overwrites no existing project', () => {
    expect(create('My Gateway', '--no-install').status).toBe(0)
    const read = (file: string) => readFileSync(path.join(folder, 'My Gateway', file), 'utf8')
    expect(JSON.parse(read('package.json'))).toMatchObject({ name: 'my-gateway' })
    expect(read('wrangler.toml')).toMatch(/^name = "my-gateway"$/m)
    expect(read('.gitignore')).toContain('.dev.vars')
    writeFileSync(path.join(folder, 'My Gateway/routes/index.ts'), 'mine')
    const again = create('My Gateway', '--no-install')
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('not empty')])
    expect(read('routes/index.ts')).toBe('mine')
  })

  it('npm create sallyport --no-install prints the remaining commands', () => {
    const { stdout } = create('later', '--no-install', '--agent', 'mcp', '--url', 'https://a.acme.com')
    expect(stdout).toMatch(
      /^ {2}npm install\n {2}npx sallyport add provider oidc\n {2}npx sallyport add mcp mcp https/m,
    )
  })

  it('the template of npm create sallyport requires the versions that this repository is tested with', () => {
    const template = JSON.parse(
      readFileSync(path.join(root, 'create-sallyport/template/package.template.json'), 'utf8'),
    )
    const own = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
    const of = JSON.parse(readFileSync(path.join(root, 'create-sallyport/package.json'), 'utf8'))
    for (const name of ['typescript', 'vitest', 'wrangler'])
      expect(template.devDependencies[name]).toBe(`~${own.devDependencies[name]}`)
    expect(own.peerDependencies.wrangler).toBe(`~${own.devDependencies.wrangler}`)
    expect(of.version).toBe(own.version)
    const flags = (file: string) =>
      /^compatibility_(?:date|flags) = .*$/gm[Symbol.match](readFileSync(path.join(root, file), 'utf8'))
    expect(flags('create-sallyport/template/wrangler.toml')).toEqual(flags('wrangler.toml'))
  })
})
