import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { say } from '../../print'
import { ProjectError } from '../../project'
import type { Staged } from '../stage'
import { type Child, spawnChild } from './child.ts'
import { listens } from './listens'
import type { AgentHere } from './settings'

/** An agent may load a model library before it listens. */
const READY_MS = 60_000

/** The agents that run because of `sallyport dev`, and end with it. */
export interface Agents {
  /** Waits until each listens, has ended, or has had a minute. */
  ready(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts the agents that have a command.
 * @throws ProjectError for one whose id is no route's
 */
export function startAgents(root: string, { configuration, agents }: Pick<Staged, 'configuration' | 'agents'>): Agents {
  const routes = [...configuration.routes.values()]
  const started = Object.entries(agents).flatMap(([id, agent]) => {
    const route = routes.find((each) => each.id === id)
    if (!route)
      throw new ProjectError(
        `  dev.json  agents.${id}\n    found     "${id}"\n    expected  the id of a route: ${routes.map((each) => each.id).join(', ')}\n    remedy    Correct or remove it.`,
      )
    return agent.command === undefined ? [] : [startAgent(root, id, agent, agent.command, route.origin.host)]
  })
  const watchdog = started.length === 0 ? undefined : startWatchdog(started.map(({ child }) => child.pid))
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
      watchdog?.stdin?.end()
    },
  }
}

function startAgent(root: string, id: string, agent: AgentHere, command: string, address: string) {
  const { port } = new URL(address)
  const cwd = path.resolve(root, agent.folder ?? '.')
  say(`  Starting the agent of ${id}: ${command.replaceAll('{port}', port)}`)
  const child = spawnChild({
    name: `The agent of ${id}`,
    command: command.replaceAll('{port}', port),
    isForShell: true,
    args: [],
    cwd,
    env: { PORT: port, ...agent.env },
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

/**
 * A process of its own that stops the agents where this one is killed in a way that it cannot
 * notice.
 */
function startWatchdog(groups: readonly (number | undefined)[]): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined
  const script = fileURLToPath(new URL('./dev-watchdog.js', import.meta.url))
  const watchdog = spawn(process.execPath, [script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  // Without it everything still works, as long as this process can stop what it started.
  watchdog.on('error', () => undefined)
  watchdog.stdin?.on('error', () => undefined)
  watchdog.stdin?.write(groups.map((group) => `${group}\n`).join(''))
  return watchdog
}
