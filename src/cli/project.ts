import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type BuildFailure, build, type Message } from 'esbuild'
import type { Route } from '../config/define'
import { nodeBundle } from './bundle'
import { nearest } from './check/suggestions'
import { type Deployments, readDeployments } from './deployments'
import { identifier } from './identifier'

/** An error whose message tells the user of a command what to do. */
export class ProjectError extends Error {
  override readonly name = 'ProjectError'
}

/** The source of a gateway: a folder with routes/, policies/ and wrangler's configuration file. */
export interface Project {
  readonly root: string
  readonly deployments: Deployments
  /** The routes that routes/index.ts lists, not checked yet. */
  readonly routes: readonly Route[]
}

export const ROUTES_FILE = 'routes/index.ts'

/**
 * Reads the project in a folder.
 * @throws ProjectError if the folder is not a project, or if its routes do not load
 */
export async function openProject(root: string): Promise<Project> {
  const deployments = readDeployments(root)
  return { root, deployments, routes: await loadRoutes(root) }
}

/**
 * Loads the list of all routes, which is not checked yet.
 * @throws ProjectError if the project has no such list, or if a file cannot be read
 */
export async function loadRoutes(root: string): Promise<readonly Route[]> {
  if (!existsSync(path.join(root, ROUTES_FILE)))
    throw new ProjectError(`There is no ${ROUTES_FILE} in ${root}, which lists the routes.`)
  const routes = await loadDefault(root, ROUTES_FILE)
  if (Array.isArray(routes)) return routes as readonly Route[]
  throw new ProjectError(
    `  ${ROUTES_FILE}  export default\n    found     no list\n    expected  the list of all routes\n    remedy    End it with: export default [support]`,
  )
}

/**
 * Bundles a file as wrangler does, runs it, and returns its default export. So a command uses the
 * same code as the Worker.
 */
export async function loadDefault(root: string, file: string): Promise<unknown> {
  const entry = path.join(root, file)
  const cache = path.join(root, 'node_modules/.cache/sallyport')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(path.join(cache, 'routes-'))
  const outfile = path.join(folder, 'routes.mjs')
  try {
    // The project must use the copy of the package that runs this command. A second copy would have
    // other error classes.
    const alias = { sallyport: fileURLToPath(new URL('./index.js', import.meta.url)) }
    await build({
      ...nodeBundle,
      entryPoints: [entry],
      outfile,
      alias,
      absWorkingDir: root,
      sourcemap: 'inline',
      logLevel: 'silent',
    })
    const { default: value } = (await import(pathToFileURL(outfile).href)) as { default?: unknown }
    return value
  } catch (thrown) {
    throw asProjectError(thrown, root)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Turns faults that a user can correct into errors with a clear message, such as missing imports or
 * imports that cannot be found.
 */
function asProjectError(thrown: unknown, root: string): unknown {
  if (isBuildFailure(thrown)) return new ProjectError(thrown.errors.map(sentenceOf).join('\n\n'))
  if (!(thrown instanceof ReferenceError)) return thrown
  const name = /^(\w+) is not defined/.exec(thrown.message)?.[1]
  if (!name) return thrown
  const file = userOf(name, root)
  return new ProjectError(
    `  ${file ?? 'routes/'}  (imports)\n    found     ${name}, which nothing imports\n    expected  an import\n    remedy    ${importOf(name, file ?? ROUTES_FILE, root)}`,
  )
}

const isBuildFailure = (thrown: unknown): thrown is BuildFailure => thrown instanceof Error && 'errors' in thrown

const sentenceOf = ({ text, location }: Message): string => {
  const at = location ? `${location.file}:${location.line}:${location.column + 1}` : ROUTES_FILE
  return `  ${at}\n    found     ${location?.lineText.trim() ?? ''}\n    fault     ${text}`
}

/** Returns the first file that uses a name without importing it. */
function userOf(name: string, root: string): string | undefined {
  const files = ['routes', 'policies'].flatMap((folder) =>
    existsSync(path.join(root, folder)) ? readdirSync(path.join(root, folder)).map((file) => `${folder}/${file}`) : [],
  )
  return files.find((file) => {
    if (!file.endsWith('.ts')) return false
    const text = readFileSync(path.join(root, file), 'utf8')
    const words: readonly string[] = text.match(/[\w$]+/g) ?? []
    const imported = [...text.matchAll(/^import\s+([^;]*?)\s+from/gm)].some(([, names]) =>
      (names ?? '').split(/[\s{},]+/).some((each) => each === name),
    )
    return words.includes(name) && !imported
  })
}

function importOf(name: string, file: string, root: string): string {
  if (/^define[A-Z]/.test(name)) return `Add: import { ${name} } from 'sallyport'`
  const found = ['routes', 'policies'].flatMap((folder) =>
    (existsSync(path.join(root, folder)) ? readdirSync(path.join(root, folder)) : [])
      .filter((each) => each.endsWith('.ts') && each !== 'index.ts')
      .map((each) => ({ folder, id: each.slice(0, -'.ts'.length) })),
  )
  const its = found.find(({ id }) => identifier(id) === name)
  if (its) {
    const relative = path.posix.relative(path.posix.dirname(file), `${its.folder}/${its.id}`)
    return `Add: import ${name} from '${relative.startsWith('.') ? relative : `./${relative}`}'`
  }
  const meant = nearest(
    name,
    found.map(({ id }) => identifier(id)),
  )
  return meant === undefined ? 'Import it.' : `Did you mean ${meant}?`
}
