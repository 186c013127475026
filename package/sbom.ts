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
 * Returns a software bill of materials (SBOM) in CycloneDX format. By the lockfile, it lists every
 * package that is installed together with Sallyport.
 *
 * `npm sbom` lists everything that is installed in this repository, and its `--omit=dev` also
 * leaves out packages that the tests use too. So this function follows `dependencies` to find the
 * packages that a user gets.
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
  // npm writes the name of the folder here.
  bill.metadata.component.name = 'sallyport'
  bill.components = bill.components.filter(({ name, version }) => shipped.has(`${name}@${version}`))
  bill.dependencies = bill.dependencies
    .filter(({ ref }) => shipped.has(ref) || ref.startsWith('sallyport@'))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => shipped.has(each)) }))
  return `${JSON.stringify(bill, null, 2)}\n`
}

/** Returns the names and versions of all direct and indirect `dependencies`. */
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

/**
 * Finds the copy of a package that another package loads. Like Node, looks in the package's own
 * folder first, then in the folders above.
 */
function nearest(packages: Readonly<Record<string, Locked>>, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const at = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (packages[at]) return at
    if (folder === '') return undefined
  }
}
