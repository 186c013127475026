// `npm run build` writes dist/, the package that users install. esbuild writes the modules, and tsc
// writes their type declarations.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { buildCommands } from '../src/cli/build-commands.ts'
import { workerBundle } from '../src/cli/bundle.ts'
import { billOfMaterials } from './sbom.ts'

const root = path.resolve(import.meta.dirname, '..')
const outdir = path.join(root, 'dist')
/** Matches a relative import in a type declaration. */
const RELATIVE = /((?:from |import\()['"])(\.[^'"]+)(?=['"])/g
rmSync(outdir, { recursive: true, force: true })

// Dependencies are not bundled. So a project has one copy of each, in the version of its own
// lockfile.
const shared = {
  outdir,
  sourcemap: 'linked',
  packages: 'external',
  tsconfig: path.join(root, 'tsconfig.json'),
} as const
await build({ ...workerBundle, ...shared, entryPoints: { worker: path.join(root, 'src/worker.ts') } })
// The commands and the test helpers share much code. `splitting` puts it into the package only
// once.
await buildCommands(outdir, { ...shared, splitting: true })
copyFileSync(path.join(root, 'package/bin.js'), path.join(outdir, 'bin.js'))
chmodSync(path.join(outdir, 'bin.js'), 0o755)

const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
for (const program of ['tsconfig.json', 'tsconfig.testing.json']) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', path.join(root, 'package', program)], { stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}
removeOthers(['config/define.d.ts', 'worker.d.ts', 'testing.d.ts'])

writeFileSync(path.join(outdir, 'sbom.cdx.json'), billOfMaterials(root))

/** Removes all type declarations that these do not import, directly or indirectly. */
function removeOthers(seen: readonly string[]): void {
  const kept = new Set<string>()
  const visit = (file: string): void => {
    if (kept.has(file)) return
    kept.add(file)
    const at = path.join(outdir, file)
    const text = readFileSync(at, 'utf8')
    for (const [, , to] of text.matchAll(RELATIVE)) visit(path.join(path.dirname(file), `${to}.d.ts`))
    // Node finds an imported file only if the import has its extension.
    writeFileSync(at, text.replace(RELATIVE, '$1$2.js'))
  }
  for (const file of seen) visit(file)
  for (const file of readdirSync(outdir, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.d.ts') && !kept.has(file)) rmSync(path.join(outdir, file))
}
