import path from 'node:path'
import { defineConfig } from 'vitest/config'

const root = path.resolve(import.meta.dirname, '..')

export default defineConfig({
  root,
  // routes/ and policies/ import this repository's own source.
  resolve: { alias: [{ find: /^sallyport$/, replacement: path.join(root, 'src/config/define.ts') }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    // Every front-door file runs workerd and servers of its own; more at once only makes them wait
    // for each other.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000, interval: 50 } },
    passWithNoTests: false,
    allowOnly: false,
    reporters: ['default'],
  },
})
