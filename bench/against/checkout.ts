import { spawnSync } from 'node:child_process'
import { existsSync, symlinkSync } from 'node:fs'
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { root, scratchFolder } from '../folder.ts'

/** The entry file of the gateway that is measured, relative to the root of its tree. */
export const ENTRY = 'bench/peers/sallyport.ts'

/** The files of a commit, in a folder that is removed when the run ends. */
export interface Checkout {
  readonly folder: string
  /** The commit's short hash. */
  readonly commit: string
  readonly notes: readonly string[]
}

/**
 * Writes the files of a commit into a folder, with the packages of the working tree linked into it.
 * @param revision anything that git understands as a commit
 * @throws Error if git does not know it
 */
export async function checkOut(revision: string): Promise<Checkout> {
  const resolved = git('rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`)
  if (resolved === undefined) throw new Error(`--against wants a commit that git knows, not "${revision}"`)
  const commit = git('rev-parse', '--short', resolved) ?? resolved
  const folder = await scratchFolder(`commit-${commit}`)
  const archive = path.join(folder, '.archive.tar')
  const isWritten = git('archive', '--format=tar', `--output=${archive}`, resolved) !== undefined
  const unpacked = spawnSync('tar', ['-xf', archive, '-C', folder], { encoding: 'utf8' })
  if (!isWritten || unpacked.status !== 0) throw new Error(`The files of ${commit} could not be written to ${folder}.`)
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))

  const notes: string[] = []
  if (!existsSync(path.join(folder, ENTRY))) {
    await mkdir(path.dirname(path.join(folder, ENTRY)), { recursive: true })
    await copyFile(path.join(root, ENTRY), path.join(folder, ENTRY))
    notes.push(`${commit} has no ${ENTRY}, so it was built with the working tree's.`)
  }
  const lockfiles = await Promise.all(
    [root, folder].map((tree) => readFile(path.join(tree, 'package-lock.json'), 'utf8')),
  )
  if (lockfiles[0] !== lockfiles[1]) {
    notes.push(`${commit} has another package-lock.json. Both builds use the packages installed here.`)
  }
  return { folder, commit, notes }
}

/** Returns the name of the working tree: its commit, and whether files differ from it. */
export function treeName(): string {
  const head = git('rev-parse', '--short', 'HEAD') ?? 'no commit'
  return git('status', '--porcelain') ? `${head} with uncommitted changes` : head
}

function git(...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}
