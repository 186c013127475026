import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'
import { workerBundle } from '../../src/cli/bundle.ts'

export const root = path.resolve(import.meta.dirname, '../..')
export const workerFile = path.join(root, 'node_modules/.cache/sallyport/test-worker.js')

/** Bundles the test Worker once per run, as wrangler bundles the real one. */
export async function setup(): Promise<void> {
  await mkdir(path.dirname(workerFile), { recursive: true })
  await build({
    entryPoints: [path.join(root, 'test/support/worker.ts')],
    outfile: workerFile,
    ...workerBundle,
  })
}
