import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** Whether an example's packages are missing or older than its lockfile. */
export async function needsInstall(folder: string): Promise<boolean> {
  const installed = await readFile(stampOf(folder), 'utf8').catch(() => '')
  return installed !== (await lockfileHash(folder))
}

/**
 * The examples keep their packages out of the root install: they come when an example is first
 * used.
 */
export async function install(folder: string, signal: AbortSignal): Promise<void> {
  const npm = spawn('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: process.platform === 'win32',
    signal,
  })
  const [errors, [code]] = await Promise.all([text(npm.stderr), once(npm, 'exit')])
  if (code !== 0)
    throw new Error(`"npm ci" failed in ${folder} (exit code ${code}):\n\n${errors.replace(/^/gm, '    ')}`)
  await writeFile(stampOf(folder), await lockfileHash(folder))
}

const stampOf = (folder: string) => join(folder, 'node_modules', '.sallyport-installed')

async function lockfileHash(folder: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(folder, 'package-lock.json')))
    .digest('hex')
}
