import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs, stripVTControlCharacters } from 'node:util'
import { ConfigurationError, entriesOf } from '../../config/fault'
import { withSuggestions } from '../check/suggestions'
import type { Command } from '../command'
import { readDeployments } from '../deployments'
import { isFreePort } from '../free-port'
import { say } from '../print'
import { ProjectError } from '../project'
import { People } from './identity-provider/people.ts'
import { startIdentityProvider } from './identity-provider/provider.ts'
import { PEOPLE_FILE, readPeople } from './local-people'
import { local, PORT, providerPort } from './ports'
import { ensureSecrets } from './secrets'
import { type Staged, stage, writeStaged } from './stage'
import { traffic } from './traffic'
import { Watch } from './watch'
import type { ToWorker } from './worker'

/** How often it looks whether it is still wanted. */
const PARENT_MS = 500

/**
 * Runs the gateway of a project on this machine, with secrets of its own and addresses of .dev.vars. It runs the last
 * configuration that was good: a bad save is told, and changes nothing.
 */
export const dev: Command = {
  usage: `usage: sallyport dev [--port NUMBER]
  --port  where the gateway listens, on 127.0.0.1 alone (default ${PORT})`,
  async run(args, root) {
    const { values } = parseArgs({ args: [...args], options: { port: { type: 'string', default: String(PORT) } } })
    const port = Number(values.port)
    if (!Number.isInteger(port) || port < 1 || port > 65_534)
      throw new ProjectError(`--port ${values.port} is no port.`)
    for (const wanted of [port, providerPort(port)])
      if (!(await isFreePort(wanted)))
        throw new ProjectError(
          `Port ${wanted} is taken. Stop what listens there, or choose another: npm start -- --port ${port + 10}`,
        )
    const people = new People(readPeople(root))
    await ensureSecrets(path.join(root, '.dev.vars'))
    const addresses = { gateway: local(port), provider: local(providerPort(port)) }
    const staged = await stage(root, addresses.gateway, addresses.provider)
    const redirectUris = staged.pages.flatMap((page) => [`${page}/`, `${page}/callback`])
    const provider = await startIdentityProvider({ port: providerPort(port), people, redirectUris })
    const { config } = writeStaged(root, readDeployments(root).file, staged)
    const worker = startWorker(root)
    send(worker, { variables: staged.variables, start: { config, port } })
    await ready(worker)
    say(summary(staged, people, port))
    const watch = keepCurrent({ root, addresses, people, worker }, staged)
    const [code] = await once(worker, 'exit')
    watch.close()
    await provider.close()
    return typeof code === 'number' ? code : 0
  },
}

const send = (worker: ChildProcess, message: ToWorker): boolean => worker.send(message)

interface Running {
  readonly root: string
  readonly addresses: { readonly gateway: string; readonly provider: string }
  readonly people: People
  readonly worker: ChildProcess
}

/** Takes in each save that is good, and tells of each that is not, once. */
function keepCurrent({ root, addresses, people, worker }: Running, first: Staged): Watch {
  let current = first
  let told: string | undefined
  let busy = Promise.resolve()
  const takeIn = async (files: readonly string[]): Promise<void> => {
    try {
      people.replaceBy(readPeople(root))
      const next = await stage(root, addresses.gateway, addresses.provider)
      watch.follow(next.folders)
      const isSame = next.code === current.code
      const haveChanged = JSON.stringify(next.variables) !== JSON.stringify(current.variables)
      if (!isSame || told !== undefined) writeStaged(root, readDeployments(root).file, next)
      if (haveChanged) send(worker, { variables: next.variables })
      if (!isSame || haveChanged || told !== undefined || files.includes(PEOPLE_FILE))
        say(`\n  Took in ${files.join(', ')}.\n`)
      current = next
      told = undefined
    } catch (thrown) {
      const why = sentenceOf(thrown)
      if (why !== told) say(`\n${why.trimEnd()}\n\n  The gateway goes on as it was before ${files.join(', ')}.\n`)
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
  if (thrown instanceof ConfigurationError) return entriesOf(withSuggestions(thrown.faults, []))
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
  if (shown !== undefined) say(shown)
}

async function ready(worker: ChildProcess): Promise<void> {
  const gone = once(worker, 'exit').then(() => {
    throw new ProjectError('The gateway did not start; its messages are above.')
  })
  await Promise.race([once(worker, 'message'), gone])
  gone.catch(() => undefined)
}

function summary({ configuration: { publicUrl, routes }, local: ids }: Staged, people: People, port: number): string {
  const lines = [...routes.values()].map(({ id, path: at, adapter, origin, trust, isPublic }) => {
    const issuers = [...new Set(trust.issuers.map(({ issuer }) => issuer))]
    const who = [...issuers, ...(ids.includes(id) ? ['here'] : [])].join(', or ')
    const note =
      isPublic || ids.includes(id)
        ? ''
        : '\n    not for local people: this address is where production is. Set its variable in .dev.vars.'
    return `  ${publicUrl}${at}\n    ${adapter.kind} at ${origin.host}${origin.root}\n    ${isPublic ? 'public' : `signed in at ${who}`}${note}`
  })
  const names = people.all.map(({ sub }) => sub)
  const option = port === PORT ? '' : ` --port ${port}`
  return `
The gateway is running. Stop it with Ctrl-C.

${lines.join('\n\n')}

  Local people: ${names.join(', ')} (the password is the name), at ${local(providerPort(port))}
    TOKEN=$(npx sallyport token ${names[0]}${option})
`
}
