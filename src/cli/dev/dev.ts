import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Command } from '../command'
import { readDeployments } from '../deployments'
import { isFreePort } from '../free-port'
import { say } from '../print'
import { ProjectError } from '../project'
import { startAgents } from './agents/agents'
import { Liveness } from './agents/liveness'
import { keepCurrent } from './current'
import { type RunningGateway, startGateway } from './gateway'
import { People } from './identity-provider/people.ts'
import { startIdentityProvider } from './identity-provider/provider.ts'
import { Audits } from './inspector/audits'
import { Notices } from './inspector/notices'
import { startRecorder } from './inspector/recorder'
import { startPage } from './inspector/server'
import { KEYS_READ } from './local'
import { readPeople } from './local-people'
import { holderOf } from './port-holder'
import { addressesHere, PORT, pagePort, providerPort } from './ports'
import { ensureSecrets } from './secrets'
import { type Staged, stage, writeStaged } from './stage'
import { summary } from './summary'
import { traffic } from './traffic'
import { startWatchdog, type Watchdog } from './watchdog'

/**
 * Runs the gateway of a project on this machine, with local secrets and the addresses in .dev.vars.
 * The gateway runs the last configuration without faults. A save with faults is reported and has no
 * effect.
 */
export const dev: Command = {
  usage: `usage: sallyport dev [--port NUMBER]
  --port  the gateway's port on 127.0.0.1 (default ${PORT}); the provider of the local people
          and the page get the two ports after it`,
  async run(args, root) {
    const { values } = parseArgs({ args: [...args], options: { port: { type: 'string', default: String(PORT) } } })
    const port = Number(values.port)
    if (!Number.isInteger(port) || port < 1 || port > 65_533)
      throw new ProjectError(`--port ${values.port} is not a port.`)
    await refuseTakenPorts(port)
    const closing: (() => unknown)[] = []
    const watchdog = startWatchdog()
    try {
      return await runEverything(root, port, watchdog, (close) => closing.push(close))
    } finally {
      await Promise.allSettled(closing.map((close) => close()))
      watchdog.end()
    }
  },
}

/**
 * Starts the gateway and all servers beside it.
 * @param atEnd receives the functions that close these servers
 */
async function runEverything(
  root: string,
  port: number,
  watchdog: Watchdog,
  atEnd: (close: () => unknown) => void,
): Promise<number> {
  const people = new People(readPeople(root))
  if (await ensureSecrets(path.join(root, '.dev.vars')))
    say('  Wrote secrets for this machine to .dev.vars, which git ignores.')

  const recorder = await startRecorder((observed) => notices.observe(observed))
  atEnd(recorder.close)
  const addresses = { ...addressesHere(port), recorder: recorder.url }
  const first = await stage(root, addresses)
  recorder.allow(first.recorded)
  let gateway: RunningGateway | undefined
  const write = (staged: Staged) => writeStaged(root, readDeployments(root).file, staged)
  const apply = async (next: Staged, before: Staged): Promise<string | undefined> => {
    recorder.allow([...before.recorded, ...next.recorded])
    write(next)
    gateway?.use(next.variables)
    const why = await gateway?.runs(next.build)
    if (why !== undefined) {
      write(before)
      gateway?.use(before.variables)
    }
    recorder.allow(why === undefined ? next.recorded : before.recorded)
    return why
  }
  const current = keepCurrent({ root, addresses, people, apply }, first)
  atEnd(current.close)
  const routes = () => current.staged.configuration.routes
  const notices = new Notices(routes, say)
  const audits = new Audits()

  const provider = await startIdentityProvider({
    port: providerPort(port),
    people,
    pages: () => current.staged.pages,
    resources: () => [...routes().keys()].map((at) => addresses.gateway + at),
  })
  atEnd(provider.close)
  const liveness = new Liveness(() => current.staged.watched)
  atEnd(() => liveness.close())
  const page = await startPage({ addresses, people, provider, recorder, audits, notices, liveness, current })
  atEnd(page.close)
  const agents = await startAgents(root, first, watchdog)
  atEnd(agents.stop)
  const { config } = write(current.staged)
  gateway = await startGateway(
    root,
    current.staged,
    { config, port },
    (line) => {
      const event = audits.note(line)
      if (event) notices.note(event)
      if (line === KEYS_READ) notices.noteKeysRead()
      tell(line, addresses.page)
    },
    watchdog,
  )
  atEnd(gateway.stop)
  await current.refresh()
  const hasEnded = await Promise.race([agents.ready().then(() => false), gateway.ended.then(() => true)])
  if (!hasEnded) {
    await liveness.start()
    say(summary(current.staged, people, addresses, liveness))
  }
  return gateway.ended
}

async function refuseTakenPorts(port: number): Promise<void> {
  for (const wanted of [port, providerPort(port), pagePort(port)]) {
    if (await isFreePort(wanted)) continue
    const holder = await holderOf(wanted)
    const by = holder ? ` by ${holder.name} (process ${holder.pid})` : ''
    throw new ProjectError(
      `Port ${wanted} is taken${by}. Stop what listens there, or choose another: npm start -- --port ${port + 10}`,
    )
  }
}

/** Prints requests in readable form and errors as they are. Wrangler's other output is left out. */
function tell(line: string, page: string): void {
  // The origin of the page of `sallyport dev` is removed from texts, because the project's files do
  // not list it.
  const asked = traffic(line)
    ?.replace(` or ${page}`, '')
    .replace(`expected ${page}`, 'expected an entry of a list, and the list is empty')
  const shown = asked ?? (/\berror\b/i.test(line) && !line.startsWith('{') ? line : undefined)
  if (shown !== undefined) say(shown)
}
