import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { experimental_readRawConfig as readRawConfig } from 'wrangler'
import type { Route } from '../../config/define'
import { type Configuration, load } from '../../config/load'
import { workerBundle } from '../bundle'
import { noNetwork } from '../no-network'
import { openProject } from '../project'
import { type AgentHere, readAgents } from './agents/settings'
import { asLocal, type Local } from './local'
import { localBundle, localRoutes } from './local-bundle'
import { variablesHere } from './variables'

/**
 * A project as it runs here. It is made of files that were all good at one moment; a later fault
 * does not reach it.
 */
export interface Staged {
  readonly configuration: Configuration
  /** As the project has them, in the order of routes/index.ts. */
  readonly routes: readonly Route[]
  /** The agents of dev.json, by the id of their route. */
  readonly agents: Readonly<Record<string, AgentHere>>
  /** The Worker, bundled. */
  readonly code: string
  /** Variables and secrets, by name. */
  readonly variables: Readonly<Record<string, string>>
  /** The ids of routes that local people may use. */
  readonly local: readonly string[]
  /** The origins of web pages that may call a route. */
  readonly pages: readonly string[]
  /** The agents whose requests are recorded, by scheme and host. */
  readonly recorded: readonly string[]
  /** The folders whose files it was made of. */
  readonly folders: readonly string[]
}

/** The files that wrangler is given, below a folder that git ignores. */
export interface StagedFiles {
  readonly config: string
  readonly worker: string
}

/** The addresses of what runs beside the gateway. */
export interface Addresses {
  readonly gateway: string
  readonly provider: string
  readonly page: string
  readonly recorder: string
}

/**
 * Reads and checks a project, and bundles its Worker so that it trusts local people.
 * @throws ConfigurationError or ProjectError for whatever is wrong with it
 */
export async function stage(root: string, { gateway, provider, page, recorder }: Addresses): Promise<Staged> {
  const { deployments, routes } = await openProject(root)
  const top = deployments.named(undefined)
  const given = variablesHere(root, deployments.file, routes)
  const variables = { ...texts(top.environment), ...given, PUBLIC_URL: gateway, ENVIRONMENT: 'development' }
  const environment = { ...top.environment, ...variables }
  const written = load(routes, environment, noNetwork)
  const recorded = agentsOf(written)
  const local: Local = {
    gateway,
    provider,
    page,
    routes: localRoutes(routes, written, new Set(Object.keys(given))),
    recorder: { url: recorder, agents: recorded },
  }
  const entry = path.resolve(root, top.config.main ?? 'src/index.ts')
  const { outputFiles, metafile } = await build({
    ...workerBundle,
    entryPoints: [entry],
    absWorkingDir: root,
    write: false,
    metafile: true,
    sourcemap: 'inline',
    logLevel: 'silent',
    plugins: [localBundle(local, root)],
  })
  const files = Object.keys(metafile.inputs).filter((file) => !/node_modules|^local:/.test(file))
  const folders = [...new Set(files.map((file) => path.dirname(path.resolve(root, file))))]
  return {
    configuration: load(asLocal(routes, local), environment, noNetwork),
    routes,
    agents: readAgents(root),
    local: local.routes,
    pages: routes.flatMap(({ cors }) => (cors?.origins ?? []).flatMap((origin) => pageOf(origin, variables))),
    recorded,
    code: outputFiles[0]?.text ?? '',
    variables,
    folders: folders.filter((folder) => folder.startsWith(root)),
  }
}

/** The agents that are reached by HTTP: services are bound by name. */
const agentsOf = ({ routes }: Configuration): readonly string[] => [
  ...new Set(
    [...routes.values()].map(({ origin }) => origin.host).filter((host) => !host.endsWith('.service.internal')),
  ),
]

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

/**
 * Writes the files that wrangler is to run. Variables are handed to it otherwise, since secrets are
 * among them.
 */
export function writeStaged(root: string, file: string, { code, variables }: Staged): StagedFiles {
  // Another gateway of this project may run at another port.
  const folder = path.join(root, '.wrangler/sallyport', new URL(variables.PUBLIC_URL ?? '').port)
  mkdirSync(folder, { recursive: true })
  const { rawConfig } = readRawConfig({ config: path.join(root, file) })
  const kept = Object.fromEntries(Object.entries(rawConfig).filter(([field]) => !LEFT_OUT.includes(field)))
  const files = { config: path.join(folder, 'wrangler.json'), worker: path.join(folder, 'worker.js') }
  writeFileSync(files.worker, code)
  // It is bundled already. Wrangler would do it again, in a folder that it removes while another
  // save is under way.
  writeFileSync(files.config, JSON.stringify({ ...kept, main: 'worker.js', no_bundle: true }))
  return files
}
