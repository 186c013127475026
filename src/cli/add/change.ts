import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ConfigurationError } from '../../config/fault'
import { load } from '../../config/load'
import { readDeployments } from '../deployments'
import { noNetwork } from '../no-network'
import { loadRoutes, ProjectError } from '../project'
import { lineDiff } from './edit'

/** New texts of files, by their names. */
export type Change = Map<string, string>

/** The text of a file; empty where there is none. */
export const read = (root: string, file: string): string =>
  existsSync(path.join(root, file)) ? readFileSync(path.join(root, file), 'utf8') : ''

/** @throws ProjectError where a file is there already, which nothing may overwrite */
export function free(root: string, file: string): string {
  if (existsSync(path.join(root, file))) throw new ProjectError(`${file} is there already. Nothing was changed.`)
  return file
}

/**
 * Writes a change, proves it by loading the project, and prints what is new.
 * @throws ProjectError where the project would not load any more; everything is then as it was
 */
export async function apply(root: string, change: Change): Promise<void> {
  const before = new Map(
    [...change.keys()].map((file) => [file, existsSync(path.join(root, file)) ? read(root, file) : undefined]),
  )
  for (const [file, text] of change) write(root, file, text)
  try {
    await prove(root)
  } catch (thrown) {
    for (const [file, text] of before) {
      if (text === undefined) rmSync(path.join(root, file), { force: true })
      else write(root, file, text)
    }
    throw new ProjectError(`Nothing was changed: the project would not load.\n\n${(thrown as Error).message}`)
  }
  for (const [file, text] of change)
    console.log(`${file}\n${lineDiff(before.get(file) ?? '', text).replace(/^/gm, '  ')}\n`)
}

async function prove(root: string): Promise<void> {
  const routes = await loadRoutes(root)
  // A project whose first route is still to come is none that could start.
  if (routes.length === 0) return
  const [top] = readDeployments(root).all
  try {
    load(routes, top?.environment ?? {}, noNetwork)
  } catch (thrown) {
    if (thrown instanceof ConfigurationError) throw thrown
    throw new Error(thrown instanceof Error ? thrown.message : String(thrown))
  }
}

function write(root: string, file: string, text: string): void {
  writeFileSync(path.join(root, file), text)
  // It may come to hold secrets, which are for their owner alone.
  if (file === '.dev.vars') chmodSync(path.join(root, file), 0o600)
}
