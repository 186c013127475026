import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'

interface Locked {
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
interface Bill {
  readonly metadata: { readonly component: { name: string } }
  components: { readonly name: string; readonly version: string }[]
  dependencies: { readonly ref: string; dependsOn: string[] }[]
}

/**
 * A bill of materials in the form of CycloneDX: all that comes along with the package, by the
 * lockfile.
 *
 * npm writes it for everything that is installed here, and its `--omit=dev` leaves out packages
 * that the tests use as well. So what a user gets is found by walking from `dependencies`.
 */
export function billOfMaterials(root: string): string {
  const args = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=library']
  const shell = process.platform === 'win32'
  const { status, stdout, stderr } = spawnSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    shell,
    maxBuffer: 50_000_000,
  })
  if (status !== 0) throw new Error(`npm sbom failed:\n${stderr}`)
  const bill = JSON.parse(stdout) as Bill
  const shipped = shippedBy(root)
  // npm takes the name of the folder.
  bill.metadata.component.name = 'sallyport'
  bill.components = bill.components.filter(({ name, version }) => shipped.has(`${name}@${version}`))
  bill.dependencies = bill.dependencies
    .filter(({ ref }) => shipped.has(ref) || ref.startsWith('sallyport@'))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => shipped.has(each)) }))
  return `${JSON.stringify(bill, null, 2)}\n`
}

/** Names and versions of all packages that `dependencies` lead to. */
function shippedBy(root: string): ReadonlySet<string> {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, Locked>>
  }
  const found = new Set<string>()
  const visit = (from: string, names: readonly string[]): void => {
    for (const name of names) {
      const at = nearest(lock.packages, from, name)
      const locked = at === undefined ? undefined : lock.packages[at]
      if (at === undefined || !locked || found.has(`${name}@${locked.version}`)) continue
      found.add(`${name}@${locked.version}`)
      visit(at, Object.keys({ ...locked.dependencies, ...locked.optionalDependencies }))
    }
  }
  visit('', Object.keys(lock.packages['']?.dependencies ?? {}))
  return found
}

/** Where a package finds another, as Node does: in its own folder first, then in those above. */
function nearest(packages: Readonly<Record<string, Locked>>, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const at = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (packages[at]) return at
    if (folder === '') return undefined
  }
}
