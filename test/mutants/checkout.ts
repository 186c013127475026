import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * Copies a checkout as it is, so that faults are made elsewhere. Installed packages are linked, but
 * `node_modules` itself is a folder of the copy: the tests build their Worker in there.
 *
 * @returns the folder, which the caller removes
 */
export function copyOf(root: string): string {
  const copy = mkdtempSync(path.join(tmpdir(), 'sallyport-mutants-'))
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' })
  for (const file of listed.split('\0').filter((name) => name !== '' && existsSync(path.join(root, name)))) {
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true })
    cpSync(path.join(root, file), path.join(copy, file))
  }
  mkdirSync(path.join(copy, 'node_modules'))
  for (const name of readdirSync(path.join(root, 'node_modules')))
    if (name !== '.cache') symlinkSync(path.join(root, 'node_modules', name), path.join(copy, 'node_modules', name))
  const examples = readdirSync(path.join(root, 'examples')).map((name) => `examples/${name}`)
  for (const folder of ['test/agents', 'test/clients', ...examples]) {
    const packages = path.join(root, folder, 'node_modules')
    if (existsSync(packages)) symlinkSync(packages, path.join(copy, folder, 'node_modules'))
  }
  return copy
}

export const removeCopy = (copy: string): void => rmSync(copy, { recursive: true, force: true })
