import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs, stripVTControlCharacters } from 'node:util'
import { ConfigurationError, entriesOf } from '../../config/fault'
import type { Configuration } from '../../config/load'
import { withoutSecrets } from '../check/secrets'
import { withSuggestions } from '../check/suggestions'
import type { Command } from '../command'
import { readDeployments } from '../deployments'
import { isFreePort } from '../free-port'
import { ProjectError } from '../project'
import { ensureSecrets } from './secrets'
import { type Staged, stage, writeStaged } from './stage'
import { traffic } from './traffic'
import { Watch } from './watch'
import type { ToWorker } from './worker'

const PORT = 8787
/** How often it looks whether it is still wanted. */
const PARENT_MS = 500

/**
 * Runs the gateway of a project on this machine, with secrets of its own and addresses of .dev.vars. What runs is the last
 * configuration that was good: a bad save is told, and changes nothing.
 */
export const dev: Command = {
  usage: `usage: sallyport dev [--port NUMBER]
  --port  where the gateway listens, on 127.0.0.1 alone (default ${PORT})`,
  async run(args, root) {
    const { values } = parseArgs({ args: [...args], options: { port: { type: 'string', default: String(PORT) } } })
    const port = Number(values.port)
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new ProjectError(`--port ${values.port} is no port.`)
    if (!(await isFreePort(port)))
      throw new ProjectError(
        `Port ${port} is taken. Stop what listens there, or choose another: npm start -- --port ${port + 1}`,
      )
    const url = `http://127.0.0.1:${port}`
    await ensureSecrets(path.join(root, '.dev.vars'))
    const staged = await stage(root, url)
    const { config } = writeStaged(root, readDeployments(root).file, staged)
    const worker = startWorker(root)
    send(worker, { variables: staged.variables, start: { config, port } })
    await ready(worker)
    console.log(summary(staged.configuration))
    const watch = keepCurrent(root, url, staged, worker)
    const [code] = await once(worker, 'exit')
    watch.close()
    return typeof code === 'number' ? code : 0
  },
}

const send = (worker: ChildProcess, message: ToWorker): boolean => worker.send(message)

/** Takes in each save that is good, and tells of each that is not, once. */
function keepCurrent(root: string, url: string, first: Staged, worker: ChildProcess): Watch {
  let current = first
  let told: string | undefined
  let busy = Promise.resolve()
  const takeIn = async (files: readonly string[]): Promise<void> => {
    try {
      const next = await stage(root, url)
      watch.follow(next.folders)
      const isSame = next.code === current.code
      const haveChanged = JSON.stringify(next.variables) !== JSON.stringify(current.variables)
      if (!isSame || told !== undefined) writeStaged(root, readDeployments(root).file, next)
      if (haveChanged) send(worker, { variables: next.variables })
      if (!isSame || haveChanged || told !== undefined) console.log(`\n  Took in ${files.join(', ')}.\n`)
      current = next
      told = undefined
    } catch (thrown) {
      const why = sentenceOf(thrown)
      if (why !== told)
        console.log(`\n${why.trimEnd()}\n\n  The gateway goes on as it was before ${files.join(', ')}.\n`)
      told = why
    }
  }
  const watch = new Watch(root, (files) => {
    busy = busy.then(() => takeIn(files))
  })
  watch.follow([root, ...first.folders])
  return watch
}

function sentenceOf(thrown: unknown): string {
  if (thrown instanceof ConfigurationError) return withoutSecrets(entriesOf(withSuggestions(thrown.faults, [])))
  return thrown instanceof Error ? thrown.message : String(thrown)
}

function startWorker(root: string): ChildProcess {
  const script = fileURLToPath(new URL('./dev-worker.js', import.meta.url))
  const env = {
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    WRANGLER_SEND_METRICS: 'false',
    NO_COLOR: '1',
  }
  const worker = fork(script, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
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

/** Requests as a person reads them, and errors as they are; wrangler's own chatter is left out. */
function tell(line: string): void {
  const shown = traffic(line) ?? (/\berror\b/i.test(line) && !line.startsWith('{') ? line : undefined)
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
