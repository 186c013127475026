import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { cache } from '../folder.ts'

/** A program of Debian: its location, and the environment that finds its modules and libraries. */
export interface Installed {
  /** The prefix of every path in a package: empty, or the folder that it was unpacked into. */
  readonly root: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * Makes packages of Debian available. It uses those of the system, or installs them if this process
 * is root. Otherwise it unpacks them, with all that they need, into a folder of the bench.
 * @throws Error in a sentence, if this is not Debian or its packages cannot be fetched
 */
export function provide(files: readonly string[], packages: readonly string[]): Installed {
  const isThere = (root: string) => files.every((file) => existsSync(root + file))
  if (isThere('')) return { root: '', env: {} }
  if (!existsSync('/usr/bin/apt-get')) throw new Error(`${packages.join(', ')}: this system has no apt-get`)
  if (process.getuid?.() === 0) {
    const options = ['-y', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0']
    const install = () => run('apt-get', ['install', ...options, ...packages])
    if (!install()) {
      run('apt-get', ['update'])
      install()
    }
    if (isThere('')) return { root: '', env: {} }
  }
  const root = path.join(cache, 'debian')
  const stamp = path.join(root, `.${packages.join('+')}`)
  if (!existsSync(stamp)) unpack(packages, root, stamp)
  if (!isThere(root)) throw new Error(`${packages.join(', ')}: apt-get could not bring them`)
  return { root, env: { LD_LIBRARY_PATH: `${root}/usr/lib/x86_64-linux-gnu:${root}/usr/lib/aarch64-linux-gnu` } }
}

function unpack(packages: readonly string[], root: string, stamp: string): void {
  mkdirSync(root, { recursive: true })
  const planned = spawnSync('apt-get', ['install', '-s', '--no-install-recommends', ...packages], { encoding: 'utf8' })
  const names = [...planned.stdout.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '')
  if (names.length === 0 || !run('apt-get', ['download', ...names], root)) return
  for (const file of readdirSync(root)) if (file.endsWith('.deb')) run('dpkg', ['-x', path.join(root, file), root])
  writeFileSync(stamp, '')
}

const run = (command: string, args: readonly string[], cwd?: string): boolean =>
  spawnSync(command, args, { cwd, stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
    .status === 0
