import { createRequire } from 'node:module'
import path from 'node:path'
import { build } from 'esbuild'
import { workerBundle } from '../cli/bundle'
import type { Deployment } from '../cli/deployments'

/** Returns the rate limiters of wrangler's file. Each test run begins with new counters. */
const limitersOf = ({ ratelimits = [] }: Deployment['config']) =>
  Object.fromEntries(
    ratelimits.map(({ name, namespace_id: namespace, simple }) => [name, { type: 'rate-limit', namespace, simple }]),
  )

/** Returns the KV namespaces, which are empty. */
const namespacesOf = ({ kv_namespaces = [] }: Deployment['config']) =>
  Object.fromEntries(kv_namespaces.map(({ binding, id }) => [binding, { type: 'kv', id: id ?? binding }]))

const WORKER = 'sallyport'

/**
 * Returns the Durable Objects, by their bindings and by their classes. Each test run begins with
 * empty ones.
 */
function objectsOf({ durable_objects: { bindings } }: Deployment['config']) {
  const own = bindings.filter(({ script_name: script }) => script === undefined)
  return {
    bound: own.map(({ name, class_name }) => [
      name,
      { type: 'durable-object', worker: WORKER, exportName: class_name },
    ]),
    exported: own.map(({ class_name }) => [class_name, { type: 'durable-object', storage: 'sqlite' }]),
  }
}

/** The test's replacements for the network and the console of a Worker. */
interface Around {
  /** Answers every request that the Worker sends. */
  readonly answer: (request: Request) => Promise<Response>
  /** Receives the Worker's output. */
  readonly log: (text: string) => void
}

/**
 * Starts the Worker of a project as wrangler would bundle it, with the bindings of wrangler's file.
 */
export async function startProjectWorker(
  root: string,
  { config }: Deployment,
  bindings: Readonly<Record<string, string>>,
  port: number,
  { answer, log }: Around,
): Promise<Running> {
  const entry = path.resolve(root, config.main ?? 'src/index.ts')
  const { outputFiles } = await build({ ...workerBundle, entryPoints: [entry], absWorkingDir: root, write: false })
  const objects = objectsOf(config)
  const { Miniflare, Response: MiniflareResponse } = miniflare()
  const handler = async (request: Request) => {
    const { status, headers, body } = await answer(request)
    return new MiniflareResponse(body as never, { status, headers: [...headers] })
  }
  const runtime = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    handleStructuredLogs: ({ message }: { message: string }) => log(message),
    workers: [
      {
        config: {
          name: WORKER,
          compatibilityDate: config.compatibility_date,
          compatibilityFlags: config.compatibility_flags,
          manifest: {
            mainModule: 'worker.js',
            modulesRoot: root,
            modules: { 'worker.js': { type: 'esm', contents: outputFiles[0]?.text ?? '' } },
          },
          env: {
            ...Object.fromEntries(Object.entries(bindings).map(([name, value]) => [name, { type: 'text', value }])),
            ...limitersOf(config),
            ...namespacesOf(config),
            ...Object.fromEntries(objects.bound),
          },
          exports: Object.fromEntries(objects.exported),
        },
        dev: {
          rootPath: root,
          unsafeDirectSockets: [{ host: '127.0.0.1', port }],
          outboundService: { type: 'fetcher', handler: handler as never },
        },
      },
    ],
  } as never)
  try {
    await runtime.ready
  } catch (thrown) {
    await runtime.dispose()
    throw thrown
  }
  return runtime
}

interface Running {
  readonly ready: Promise<unknown>
  getKVNamespace(binding: string): Promise<{ put(name: string, value: string): Promise<void> }>
  dispose(): Promise<void>
}

interface Runtime {
  readonly Miniflare: new (options: never) => Running
  readonly Response: new (body: never, init: { status: number; headers: [string, string][] }) => Response
}

/** Loads the workerd that is installed with the project's wrangler. */
const miniflare = (): Runtime =>
  createRequire(createRequire(import.meta.url).resolve('wrangler'))('miniflare') as Runtime
