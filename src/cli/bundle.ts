import type { BuildOptions } from 'esbuild'

/** How wrangler bundles the Worker: what tests and measurements run is what a deployment gets. */
export const workerBundle = {
  bundle: true,
  format: 'esm',
  target: 'es2024',
  platform: 'browser',
  conditions: ['workerd', 'worker', 'browser'],
  external: ['cloudflare:workers'],
  logLevel: 'warning',
} as const satisfies BuildOptions

/** How a command is bundled with routes/ and policies/, to run in Node. */
export const commandBundle = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'error',
} as const satisfies BuildOptions
