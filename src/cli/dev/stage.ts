import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { experimental_readRawConfig as readRawConfig } from 'wrangler'
import type { Route } from '../../config/define'
import { type Configuration, load } from '../../config/load'
import { workerBundle } from '../bundle'
import { noNetwork } from '../no-network'
import { openProject } from '../project'
import { type AgentHere, agentFault, readAgents } from './agents/settings'
import { asLocal, type Local } from './local'
import { BUILD, isHere, localBundle, localRoutes } from './local-bundle'
import { variablesHere } from './variables'

/**
 * A copy of a project, made when all its files were valid. The gateway runs this copy, so a later
 * fault in a file does not affect it.
 */
export interface Staged {
  readonly configuration: Configuration
  /** The routes that the project lists in routes/index.ts. */
  readonly routes: readonly Route[]
  /** The agents of dev.json, by the id of their route. */
  readonly agents: Readonly<Record<string, AgentHere>>
  /** The code of the bundled Worker. */
  readonly code: string
  /** The name of the bundle, which is a hash of its code. */
  readonly build: string
  /** The variables and secrets of the gateway, by name. */
  readonly variables: Readonly<Record<string, string>>
  /** The ids of routes that local people (test users on this machine) may use. */
  readonly local: readonly string[]
  /** The origins of web pages that may call a route. */
  readonly pages: readonly string[]
  /** The agents whose requests are recorded, by scheme and host. */
  readonly recorded: readonly string[]
  /**
   * The agents that run on this machine or whose address was set for this machine. Each has the id
   * of its route, and its scheme and host.
   */
  readonly watched: readonly { readonly id: string; readonly host: string }[]
  /** The folders that contain the project's source files. */
  readonly folders: readonly string[]
}

/** The files with which wrangler runs the gateway, in a folder that git ignores. */
export interface StagedFiles {
  readonly config: string
  readonly worker: string
}

/** The addresses of the gateway and of the local servers beside it. */
export interface Addresses {
  readonly gateway: string
  readonly provider: string
  readonly page: string
  readonly recorder: string
}

/**
 * Reads and checks a project, and bundles its Worker in such a way that it trusts local people
 * (test users on this machine).
 * @throws ConfigurationError or ProjectError for any fault of the project
 */
export async function stage(root: string, { gateway, provider, page, recorder }: Addresses): Promise<Staged> {
  const { deployments, routes } = await openProject(root)
  const top = deployments.named(undefined)
  const given = variablesHere(root, deployments.file, routes)
  const variables = { ...texts(top.environment), ...given, PUBLIC_URL: gateway, ENVIRONMENT: 'development' }
  const environment = { ...top.environment, ...variables }
  const written = load(routes, environment, noNetwork)
  const reached = [...written.routes.values()].filter(({ id }) => !isBound(routes, id))
  const recorded = [...new Set(reached.map(({ origin }) => origin.host))]
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
  const code = outputFiles[0]?.text ?? ''
  const name = createHash('sha256').update(code).digest('hex').slice(0, 16)
  const files = Object.keys(metafile.inputs).filter((file) => !/node_modules|^local:/.test(file))
  const folders = [...new Set(files.map((file) => path.dirname(path.resolve(root, file))))]
  return {
    configuration: load(asLocal(routes, local), environment, noNetwork),
    routes,
    agents: agentsOf(root, routes),
    local: local.routes,
    pages: routes.flatMap(({ cors }) => (cors?.origins ?? []).flatMap((origin) => pageOf(origin, variables))),
    recorded,
    watched: reached
      .filter(({ id, origin }) => local.routes.includes(id) || isHere(origin.host))
      .map(({ id, origin }) => ({ id, host: origin.host })),
    code: code.replaceAll(BUILD, name),
    build: name,
    variables,
    folders: folders.filter((folder) => folder.startsWith(root)),
  }
}

/**
 * Returns the agents of dev.json.
 * @throws ProjectError for an agent whose id is not that of a route
 */
function agentsOf(root: string, routes: readonly Route[]): Readonly<Record<string, AgentHere>> {
  const agents = readAgents(root)
  const ids = routes.map(({ id }) => id)
  const stranger = Object.keys(agents).find((id) => !ids.includes(id))
  if (stranger === undefined) return agents
  throw agentFault(stranger, '', `"${stranger}"`, `the id of a route: ${ids.join(', ')}`)
}

/** Tells whether the gateway reaches a route's agent by a binding instead of an address. */
function isBound(routes: readonly Route[], id: string): boolean {
  const origin = routes.find((route) => route.id === id)?.agent.origin ?? {}
  return 'service' in origin || 'object' in origin
}

/**
 * Returns an allowed web origin in a list. The list is empty if the identity provider cannot
 * redirect browsers to this origin.
 */
function pageOf(origin: string | { readonly env: string }, variables: Readonly<Record<string, string>>): string[] {
  const page = typeof origin === 'string' ? origin : variables[origin.env]
  return page !== undefined && URL.canParse(page) && /^https?:/.test(page) ? [page] : []
}

const texts = (environment: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )

/** Replaces a file in one step, because wrangler may read it at any moment. */
function replace(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return
  writeFileSync(`${file}.next`, text)
  renameSync(`${file}.next`, file)
}

/** Fields of wrangler's file that are not used on this machine, or that contain relative paths. */
const LEFT_OUT = [
  'main',
  'build',
  'vars',
  'env',
  'routes',
  'route',
  'assets',
  'site',
  'rules',
  'tsconfig',
  'alias',
  'dev',
]

/**
 * Writes the files that wrangler runs. Variables are not written, because some of them are secrets.
 * The gateway's process receives the variables in a message.
 */
export function writeStaged(root: string, file: string, { code, variables }: Staged): StagedFiles {
  // The folder is named after the port, because another gateway of this project may run at another
  // port.
  const folder = path.join(root, '.wrangler/sallyport', new URL(variables.PUBLIC_URL ?? '').port)
  mkdirSync(folder, { recursive: true })
  const { rawConfig } = readRawConfig({ config: path.join(root, file) })
  const kept = Object.fromEntries(Object.entries(rawConfig).filter(([field]) => !LEFT_OUT.includes(field)))
  const files = { config: path.join(folder, 'wrangler.json'), worker: path.join(folder, 'worker.js') }
  replace(files.worker, code)
  // The code is bundled already. If wrangler bundled it again, wrangler could remove the output
  // folder during another save.
  const config = { ...kept, main: 'worker.js', no_bundle: true }
  // The setting `remote` is removed, because a binding with `remote` would reach production.
  replace(
    files.config,
    // `preview_id` is removed too. Sallyport's commands read the KV namespace with the `id`, but
    // wrangler would use the `preview_id`.
    JSON.stringify(config, (field, value) => (['remote', 'preview_id'].includes(field) ? undefined : value)),
  )
  return files
}
