import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { experimental_readRawConfig as readRawConfig, unstable_getVarsForDev as varsForDev } from 'wrangler'
import { type Configuration, load } from '../../config/load'
import { workerBundle } from '../bundle'
import { noNetwork } from '../no-network'
import { openProject } from '../project'

/** A project as it runs here. It is made of files that were all good at one moment; a later fault does not reach it. */
export interface Staged {
  readonly configuration: Configuration
  /** The Worker, bundled. */
  readonly code: string
  /** Variables and secrets, by name. */
  readonly variables: Readonly<Record<string, string>>
  /** The folders whose files it was made of. */
  readonly folders: readonly string[]
}

/** What wrangler is given: files of ours, below a folder that git ignores. */
export interface StagedFiles {
  readonly config: string
  readonly worker: string
}

/**
 * Reads and checks a project, and bundles its Worker.
 * @param url where it will run
 * @throws ConfigurationError or ProjectError for whatever is wrong with it
 */
export async function stage(root: string, url: string): Promise<Staged> {
  const { deployments, routes } = await openProject(root)
  const top = deployments.named(undefined)
  const variables = {
    ...texts(top.environment),
    ...developmentVariables(path.join(root, deployments.file)),
    PUBLIC_URL: url,
    ENVIRONMENT: 'development',
  }
  const configuration = load(routes, { ...top.environment, ...variables }, noNetwork)
  const entry = path.resolve(root, top.config.main ?? 'src/index.ts')
  const { outputFiles, metafile } = await build({
    ...workerBundle,
    entryPoints: [entry],
    absWorkingDir: root,
    write: false,
    metafile: true,
    sourcemap: 'inline',
    logLevel: 'silent',
  })
  const files = Object.keys(metafile.inputs).filter((file) => !file.includes('node_modules'))
  const folders = [...new Set(files.map((file) => path.dirname(path.resolve(root, file))))]
  return {
    configuration,
    code: outputFiles[0]?.text ?? '',
    variables,
    folders: folders.filter((folder) => folder.startsWith(root)),
  }
}

const texts = (environment: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )

/** What wrangler reads from .dev.vars and the shell, secrets among it. */
function developmentVariables(config: string): Record<string, string> {
  const bindings = varsForDev(config, undefined, {}, undefined, true)
  return Object.fromEntries(
    Object.entries(bindings).flatMap(([name, binding]) =>
      'value' in binding && typeof binding.value === 'string' ? [[name, binding.value]] : [],
    ),
  )
}

/** Fields of wrangler's file that are of no use here, or that name files beside it. */
const LEFT_OUT = ['main', 'build', 'vars', 'env', 'routes', 'route', 'assets', 'site', 'rules', 'tsconfig', 'alias']

/** Writes what wrangler is to run. Variables are handed to it otherwise, since secrets are among them. */
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
