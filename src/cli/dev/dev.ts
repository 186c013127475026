import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs, stripVTControlCharacters } from 'node:util'
import { unstable_getVarsForDev as varsForDev } from 'wrangler'
import type { Configuration } from '../../config/load'
import { load } from '../../config/load'
import type { Command } from '../command'
import { noNetwork } from '../no-network'
import { openProject, ProjectError } from '../project'
import { ensureSecrets } from './secrets'
import { traffic } from './traffic'

const PORT = 8787
/** How often it looks whether it is still wanted. */
const PARENT_MS = 500

/** Runs the gateway of a project on this machine, with secrets of its own and addresses of .dev.vars. */
export const dev: Command = {
  usage: `usage: sallyport dev [--port NUMBER]
  --port  where the gateway listens, on 127.0.0.1 alone (default ${PORT})`,
  async run(args, root) {
    const { values } = parseArgs({ args: [...args], options: { port: { type: 'string', default: String(PORT) } } })
    const port = Number(values.port)
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new ProjectError(`--port ${values.port} is no port.`)
    const url = `http://127.0.0.1:${port}`
    const { deployments, routes } = await openProject(root)
    await ensureSecrets(path.join(root, '.dev.vars'))
    const config = path.join(root, deployments.file)
    const variables = { PUBLIC_URL: url, ENVIRONMENT: 'development' }
    const environment = { ...deployments.named(undefined).environment, ...textsForDev(config), ...variables }
    // The same text as `sallyport check` for whatever is wrong, before anything is started.
    const loaded = load(routes, environment, noNetwork)
    const worker = startWorker(root, { config, port, variables })
    await ready(worker)
    console.log(summary(loaded))
    const [code] = await once(worker, 'exit')
    return typeof code === 'number' ? code : 0
  },
}

/** What wrangler reads from .dev.vars and the shell, secrets among it. */
function textsForDev(config: string): Record<string, string> {
  const bindings = varsForDev(config, undefined, {}, undefined, true)
  return Object.fromEntries(
    Object.entries(bindings).flatMap(([name, binding]) =>
      'value' in binding && typeof binding.value === 'string' ? [[name, binding.value]] : [],
    ),
  )
}

function startWorker(root: string, settings: object): ChildProcess {
  const script = fileURLToPath(new URL('./dev-worker.js', import.meta.url))
  const env = {
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    WRANGLER_SEND_METRICS: 'false',
    NO_COLOR: '1',
  }
  const worker = fork(script, [JSON.stringify(settings)], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  for (const output of [worker.stdout, worker.stderr])
    if (output) createInterface({ input: output }).on('line', (line) => tell(stripVTControlCharacters(line)))
  const stop = () => worker.kill('SIGTERM')
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  // npm hands no signal on; once it has gone, this process has another parent.
  const parent = process.ppid
  const watch = setInterval(() => process.ppid !== parent && stop(), PARENT_MS)
  worker.once('exit', () => clearInterval(watch))
  return worker
}

/** Requests as a person reads them, and faults as they are; wrangler's own chatter is left out. */
function tell(line: string): void {
  const shown =
    traffic(line) ?? (/\berror\b|ConfigurationError|^ {2}\S/i.test(line) && !line.startsWith('{') ? line : undefined)
  if (shown !== undefined) console.log(shown)
}

async function ready(worker: ChildProcess): Promise<void> {
  const gone = once(worker, 'exit').then(() => {
    throw new ProjectError('The gateway did not start; its messages are above.')
  })
  await Promise.race([once(worker, 'message'), gone])
  gone.catch(() => undefined)
}

function summary({ publicUrl, routes }: Configuration): string {
  const lines = [...routes.values()].map(({ path: at, adapter, origin, trust, isPublic }) => {
    const issuers = [...new Set(trust.issuers.map(({ issuer }) => issuer))].join(', ')
    return `  ${publicUrl}${at}\n    ${adapter.kind} at ${origin.host}${origin.root}\n    ${isPublic ? 'public' : `signed in at ${issuers}`}`
  })
  return `\nThe gateway is running. Stop it with Ctrl-C.\n\n${lines.join('\n\n')}\n`
}
