import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BuildOptions } from 'esbuild'

/**
 * The esbuild options with which wrangler bundles the Worker. Tests and measurements use them too,
 * so they run the same code as a deployment.
 */
export const workerBundle = {
  bundle: true,
  format: 'esm',
  target: 'es2024',
  platform: 'browser',
  conditions: ['workerd', 'worker', 'browser'],
  external: ['cloudflare:workers'],
  logLevel: 'warning',
} as const satisfies BuildOptions

/**
 * The esbuild options for code that runs in Node: the commands, and the project's routes that
 * commands load.
 */
export const nodeBundle = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  packages: 'external',
  sourcemap: 'linked',
  logLevel: 'error',
} as const satisfies BuildOptions

const source = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

/** The modules of the package that run in Node, by their names in `dist/`. */
export const nodeEntries = {
  index: path.join(source, 'config/define.ts'),
  cli: path.join(source, 'cli/main.ts'),
  'dev-worker': path.join(source, 'cli/dev/worker.ts'),
  'dev-watchdog': path.join(source, 'cli/dev/watchdog-process.ts'),
  local: path.join(source, 'cli/dev/local.ts'),
  testing: path.join(source, 'testing.ts'),
} as const
