// Runs one of the commands beside this file. They load routes/ and policies/, which are written for a bundler, so they are
// bundled as wrangler bundles them: what a command sees is what the Worker gets.
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { commandBundle } from './bundle.ts'

process.setSourceMapsEnabled(true)
const COMMANDS = ['check', 'explain', 'routes', 'schema', 'keys', 'threads']
const here = path.dirname(fileURLToPath(import.meta.url))
const command = process.argv[2] ?? ''
if (!COMMANDS.includes(command)) {
  process.stderr.write(`usage: node src/cli/main.mjs ${COMMANDS.join('|')}\n`)
  process.exit(2)
}

const cache = path.resolve(here, '../../node_modules/.cache/sallyport')
mkdirSync(cache, { recursive: true })
const outfile = path.join(cache, `${command}-${process.pid}.mjs`)
try {
  await build({
    entryPoints: [path.join(here, `${command}.ts`)],
    outfile,
    ...commandBundle,
  })
} catch {
  // esbuild has said what and where.
  process.exit(1)
}
try {
  await import(pathToFileURL(outfile).href)
} catch (thrown) {
  // Most often a file of routes/ or policies/ that lacks an import; the map leads back to it.
  const isSaid = thrown instanceof Error && (thrown.constructor === Error || 'code' in thrown)
  process.stderr.write(`${isSaid ? thrown.message : (thrown?.stack ?? thrown)}\n`)
  process.exitCode = 1
} finally {
  rmSync(outfile, { force: true })
}
