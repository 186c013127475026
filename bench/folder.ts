import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '..')
export const bench = import.meta.dirname

/** The folder for raw figures of whole runs. Only the published figures are in git. */
export const results = path.join(bench, 'results')

/** The folder for downloads, which are made once and used again. */
export const cache = path.join(root, 'node_modules/.cache/sallyport-bench')

/**
 * The folder for files that this run writes for the processes that it starts. Servers that give up
 * root must be able to read them.
 */
export const scratch = mkdtempSync(path.join(tmpdir(), 'sallyport-bench-'))
chmodSync(scratch, 0o755)
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

export async function scratchFolder(name: string): Promise<string> {
  const folder = path.join(scratch, name)
  await mkdir(folder, { recursive: true })
  return folder
}
