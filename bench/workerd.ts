import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'
import { workerBundle } from '../src/cli/bundle.ts'
import { compatibility } from '../test/support/compatibility.ts'
import { freePort } from '../test/support/port.ts'
import { bench, root, scratchFolder } from './folder.ts'
import { type Running, start } from './process.ts'

export interface WorkerOptions {
  readonly name: string
  /** The code of the Worker, made by `bundle`. */
  readonly code: string
  readonly port?: number
  readonly startSeconds?: number
  /** Receives the output of the Worker's `console.log`. */
  readonly outputFile?: string
  /** Bindings of the Worker that are texts. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * Bundles code into one minified module, as wrangler does for production.
 * @param entry a path, absolute or below bench/
 * @param define replacements for names in the code
 */
export async function bundle(entry: string, define: Readonly<Record<string, string>> = {}): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.resolve(bench, entry)],
    ...workerBundle,
    minify: true,
    define,
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}

/**
 * Starts workerd alone, without wrangler or miniflare. These cost many times more than the code
 * that is measured.
 */
export async function startWorker({
  name,
  code,
  env,
  port: wanted,
  startSeconds = 30,
  outputFile,
}: WorkerOptions): Promise<Running> {
  const port = wanted ?? (await freePort())
  const folder = await scratchFolder(`${name.replaceAll(/\W+/g, '-')}-${port}`)
  await writeFile(path.join(folder, 'worker.js'), code)
  for (const [variable, value] of Object.entries(env)) await writeFile(path.join(folder, variable), value)
  await writeFile(path.join(folder, 'config.capnp'), configuration(port, Object.keys(env)))
  const command = path.join(root, 'node_modules/workerd/bin/workerd')
  return start({
    name,
    command,
    args: ['serve', 'config.capnp'],
    cwd: folder,
    port,
    startSeconds,
    ...(outputFile !== undefined && { outputFile }),
  })
}

/** Uses the compatibility settings of the real deployment. */
function configuration(port: number, variables: readonly string[]): string {
  const { compatibilityDate, compatibilityFlags } = compatibility
  const bindings = variables.map((name) => `(name = "${name}", text = embed "${name}")`)
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "loopback", network = (allow = ["private", "public"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "worker")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${compatibilityDate}",
  compatibilityFlags = ${JSON.stringify(compatibilityFlags)},
  globalOutbound = "loopback",
  bindings = [${bindings.join(', ')}],
);
`
}
