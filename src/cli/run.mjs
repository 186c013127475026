// Runs a command from this repository's source: `node src/cli/run.mjs check`. In a project, the
// built command is `sallyport check`.
import { rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildCommands } from './build-commands.ts'

process.setSourceMapsEnabled(true)
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
// The built command needs the packages of this repository, so its folder is inside node_modules.
// Each process has its own folder, because another command may run at the same time.
const outdir = path.join(root, 'node_modules/.cache/sallyport', `cli-${process.pid}`)
// In this repository, printed texts contain `npm run` instead of `npx sallyport`.
if (process.cwd() === root) process.env.SALLYPORT_REPOSITORY = '1'
try {
  await buildCommands(outdir, { tsconfig: path.join(root, 'tsconfig.json') })
  const { run } = await import(pathToFileURL(path.join(outdir, 'cli.js')).href)
  process.exitCode = await run(process.argv.slice(2))
} finally {
  rmSync(outdir, { recursive: true, force: true })
}
