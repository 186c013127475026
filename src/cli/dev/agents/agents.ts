import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { say } from '../../print'
import type { Staged } from '../stage'
import type { Watchdog } from '../watchdog'
import { type Child, spawnChild } from './child.ts'
import { listens } from './listens'
import { type AgentHere, agentFault } from './settings'

/** How long to wait until an agent listens. It may have to load a model library first. */
const READY_MS = 60_000

/** The agents that `sallyport dev` started. These agents end when `sallyport dev` ends. */
export interface Agents {
  /** Waits until each agent listens or has ended, for at most a minute. */
  ready(): Promise<void>
  readonly stop: () => Promise<void>
}

interface Started {
  readonly child: Child
  readonly address: string
}

/**
 * Starts the agents that have a command, except those at whose address a process listens already.
 * @throws ProjectError for a folder that does not exist
 */
export async function startAgents(
  root: string,
  { configuration, agents }: Pick<Staged, 'configuration' | 'agents'>,
  watchdog: Watchdog,
): Promise<Agents> {
  const routes = [...configuration.routes.values()]
  const wanted = Object.entries(agents).flatMap(([id, agent]) => {
    const address = routes.find((route) => route.id === id)?.origin.host
    const folder = path.resolve(root, agent.folder ?? '.')
    if (!existsSync(folder)) throw agentFault(id, '.folder', `${folder}, which does not exist`, 'a folder')
    return agent.command === undefined || address === undefined
      ? []
      : [{ id, agent, command: agent.command, folder, address }]
  })
  const started: Started[] = []
  for (const { id, agent, command, folder, address } of wanted) {
    if (await listens(address))
      say(`  Something already listens at ${address}, so the command of ${id} is not started.`)
    else started.push(startAgent(id, folder, agent, command, address))
  }
  for (const { child } of started) watchdog.watch(child.pid)
  let isStopping = false
  for (const { child } of started)
    void child.exited.then((how) => {
      if (!isStopping) say(`\n  ${how} Its last output:\n\n${child.lastOutput() || '    (none)'}\n`)
    })
  return {
    async ready() {
      await Promise.all(started.map(({ child, address }) => untilListening(child, address)))
    },
    async stop() {
      isStopping = true
      await Promise.allSettled(started.map(({ child }) => child.stop()))
    },
  }
}

function startAgent(id: string, cwd: string, { env }: AgentHere, command: string, address: string): Started {
  const { port } = new URL(address)
  const line = command.replaceAll('{port}', port)
  say(`  Starting the agent of ${id}: ${line}`)
  const child = spawnChild({
    name: `The agent of ${id}`,
    command: line,
    isForShell: true,
    args: [],
    cwd,
    env: { PORT: port, ...env },
  })
  return { child, address }
}

async function untilListening(child: Child, address: string): Promise<void> {
  let hasEnded = false
  void child.exited.then(() => {
    hasEnded = true
  })
  for (let waited = 0; waited < READY_MS && !hasEnded; waited += 100) {
    if (await listens(address)) return
    await sleep(100)
  }
}
