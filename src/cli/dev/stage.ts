import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { experimental_readRawConfig as readRawConfig } from 'wrangler'
import { type Configuration, load } from '../../config/load'
import { workerBundle } from '../bundle'
import { noNetwork } from '../no-network'
import { openProject } from '../project'
import { localIssuer, localRoutes, trustLocalPeople } from './local-trust'
import { variablesHere } from './variables'

/** A project as it runs here. It is made of files that were all good at one moment; a later fault does not reach it. */
export interface Staged {
  readonly configuration: Configuration
  /** The Worker, bundled. */
  readonly code: string
  /** Variables and secrets, by name. */
  readonly variables: Readonly<Record<string, string>>
  /** The ids of routes that local people may use. */
  readonly local: readonly string[]
  /** The origins of web pages that may call a route. */
  readonly pages: readonly string[]
  /** The folders whose files it was made of. */
  readonly folders: readonly string[]
}

/** The files that wrangler is given, below a folder that git ignores. */
export interface StagedFiles {
  readonly config: string
  readonly worker: string
}

/**
 * Reads and checks a project, and bundles its Worker so that it trusts local people.
 * @param url where it will run
 * @param provider the address of the local people's provider
 * @throws ConfigurationError or ProjectError for whatever is wrong with it
 */
export async function stage(root: string, url: string, provider: string): Promise<Staged> {
  const { deployments, routes } = await openProject(root)
  const top = deployments.named(undefined)
  const given = variablesHere(root, deployments.file, routes)
  const variables = { ...texts(top.environment), ...given, PUBLIC_URL: url, ENVIRONMENT: 'development' }
  const configuration = load(routes, { ...top.environment, ...variables }, noNetwork)
  const local = localRoutes(routes, configuration, new Set(Object.keys(given)))
  const entry = path.resolve(root, top.config.main ?? 'src/index.ts')
  const { outputFiles, metafile } = await build({
    ...workerBundle,
    entryPoints: [entry],
    absWorkingDir: root,
    write: false,
    metafile: true,
    sourcemap: 'inline',
    logLevel: 'silent',
    plugins: [trustLocalPeople(localIssuer(provider), local, root)],
  })
  const files = Object.keys(metafile.inputs).filter((file) => !/node_modules|^local-people:/.test(file))
  const folders = [...new Set(files.map((file) => path.dirname(path.resolve(root, file))))]
  return {
    configuration,
    local,
    pages: routes.flatMap(({ cors }) => (cors?.origins ?? []).flatMap((origin) => pageOf(origin, variables))),
    code: outputFiles[0]?.text ?? '',
    variables,
    folders: folders.filter((folder) => folder.startsWith(root)),
  }
}

/** A page that can be sent back to. */
function pageOf(origin: string | { readonly env: string }, variables: Readonly<Record<string, string>>): string[] {
  const page = typeof origin === 'string' ? origin : variables[origin.env]
  return page !== undefined && URL.canParse(page) && /^https?:/.test(page) ? [page] : []
}

const texts = (environment: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )

/** Fields of wrangler's file that are of no use here, or that name files beside it. */
const LEFT_OUT = ['main', 'build', 'vars', 'env', 'routes', 'route', 'assets', 'site', 'rules', 'tsconfig', 'alias']

/** Writes the files that wrangler is to run. Variables are handed to it otherwise, since secrets are among them. */
export function writeStaged(root: string, file: string, { code }: Staged): StagedFiles {
  const folder = path.join(root, '.wrangler/sallyport')
  mkdirSync(folder, { recursive: true })
  const { rawConfig } = readRawConfig({ config: path.join(root, file) })
  const kept = Object.fromEntries(Object.entries(rawConfig).filter(([field]) => !LEFT_OUT.includes(field)))
  const files = { config: path.join(folder, 'wrangler.json'), worker: path.join(folder, 'worker.js') }
  writeFileSync(files.worker, code)
  writeFileSync(files.config, JSON.stringify({ ...kept, main: 'worker.js' }))
  return files
}
