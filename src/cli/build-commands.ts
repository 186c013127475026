import { cpSync } from 'node:fs'
import path from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { nodeBundle, nodeEntries } from './bundle.ts'

/**
 * Builds all parts of the package that run in Node into one folder, with the page of `dev`.
 * @param options of esbuild, beside those that are the same everywhere
 */
export async function buildCommands(outdir: string, options: BuildOptions): Promise<void> {
  await build({ ...nodeBundle, entryPoints: { ...nodeEntries }, outdir, ...options })
  cpSync(path.join(import.meta.dirname, 'dev/page'), path.join(outdir, 'page'), { recursive: true })
}
