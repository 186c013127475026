import { cpSync } from 'node:fs'
import path from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { nodeBundle, nodeEntries } from './bundle.ts'

/**
 * Builds all of the package that runs in Node into one folder, with the page that it serves.
 * @param options of esbuild, beside those that are the same everywhere
 */
export async function buildCommands(outdir: string, options: BuildOptions): Promise<void> {
  await build({ ...nodeBundle, entryPoints: { ...nodeEntries }, outdir, ...options })
  cpSync(path.join(import.meta.dirname, 'dev/page'), path.join(outdir, 'page'), { recursive: true })
}
