import { cpSync } from 'node:fs'
import path from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { nodeBundle, nodeEntries } from './bundle.ts'

/**
 * Builds all modules of the package that run in Node, and the page of `sallyport dev`, into one
 * folder.
 * @param options options of esbuild, in addition to those of every build
 */
export async function buildCommands(outdir: string, options: BuildOptions): Promise<void> {
  await build({ ...nodeBundle, entryPoints: { ...nodeEntries }, outdir, ...options })
  cpSync(path.join(import.meta.dirname, 'dev/page'), path.join(outdir, 'page'), { recursive: true })
}
