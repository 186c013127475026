import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { complain } from '../print'
import { ProjectError } from '../project'
import { BUILD_PATH } from './local'
import { local } from './ports'
import { signalGroup } from './process-group'
import type { Staged } from './stage'
import type { Watchdog } from './watchdog'
import type { ToWorker } from './worker'

/** How often this process checks whether its parent still runs. */
const PARENT_MS = 500

/** How long to wait for the Worker's first answer. After this time, the start has failed. */
const START_MS = 30_000
const LOOK_MS = 100
/** How long to collect output after an error, because an error is written in several lines. */
const ERROR_MS = 500
const OUTPUT_LINES = 12

/** The running gateway, in a process of its own with workerd. */
export interface RunningGateway {
  /** Gives the gateway new variables. */
  use(variables: Readonly<Record<string, string>>): void
  /**
   * Waits until the gateway runs a certain build.
   * @returns the gateway's output if the build does not run
   */
  runs(build: string): Promise<string | undefined>
  /** Resolves with the exit code when the gateway has ended. */
  readonly ended: Promise<number>
  readonly stop: () => Promise<void>
}

/**
 * Starts the gateway. Stops it when this process receives a signal to end, or when the process that
 * started this one has ended.
 * @param staged the configuration to run
 * @param start the gateway's wrangler file, and its port
 * @param onLine receives each line of output
 * @throws ProjectError if the gateway does not start
 */
export async function startGateway(
  root: string,
  { variables, build }: Pick<Staged, 'variables' | 'build'>,
  start: { readonly config: string; readonly port: number },
  onLine: (line: string) => void,
  watchdog: Watchdog,
): Promise<RunningGateway> {
  const worker = fork(fileURLToPath(new URL('./dev-worker.js', import.meta.url)), {
    cwd: root,
    env: {
      ...process.env,
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      WRANGLER_HIDE_BANNER: 'true',
      WRANGLER_SEND_ERROR_REPORTS: 'false',
      WRANGLER_SEND_METRICS: 'false',
      NO_COLOR: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // wrangler and workerd run in their own process group, because wrangler may end without
    // stopping workerd.
    detached: process.platform !== 'win32',
  })
  watchdog.watch(worker.pid)
  let errors = 0
  const output: string[] = []
  const note = (line: string): void => {
    // Wrangler lists all variables, with the first characters of secrets.
    if (!/^(?:\{|env\.)/.test(line)) output.push(line)
    if (output.length > OUTPUT_LINES) output.shift()
    if (/\[ERROR\]|\bUncaught\b/.test(line)) errors++
    onLine(line)
  }
  for (const stream of [worker.stdout, worker.stderr])
    if (stream) createInterface({ input: stream }).on('line', (line) => note(stripVTControlCharacters(line)))
  let isAsked = false
  let hasEnded = false
  endWithParent(worker, () => {
    isAsked = true
  })
  const ended = once(worker, 'exit').then(([code]) => {
    hasEnded = true
    signalGroup(worker.pid, 'SIGKILL')
    if (isAsked) return 0
    complain('\n  The gateway stopped by itself.')
    return Number(code ?? 1) || 1
  })
  const send = (message: ToWorker) => void (worker.connected && worker.send(message))
  const runs: RunningGateway['runs'] = async (wanted) => {
    const before = errors
    for (let waited = 0; waited < START_MS && !hasEnded; waited += LOOK_MS) {
      if ((await buildAt(start.port)) === wanted) return undefined
      await sleep(LOOK_MS)
      if (errors === before) continue
      await sleep(ERROR_MS)
      break
    }
    return output.join('\n')
  }
  send({ variables, start })
  const stop = async (): Promise<void> => {
    isAsked = true
    if (!hasEnded) worker.kill('SIGTERM')
    await ended
  }
  const why = await runs(build)
  if (why === undefined || isAsked) return { use: (others) => send({ variables: others }), runs, ended, stop }
  await stop()
  throw new ProjectError(`The gateway did not start. It printed:\n\n${why || '    (nothing)'}`)
}

/**
 * Returns the name of the build that the gateway at a port runs, or undefined if it does not
 * answer.
 */
async function buildAt(port: number): Promise<string | undefined> {
  try {
    const reply = await fetch(`${local(port)}${BUILD_PATH}`, { signal: AbortSignal.timeout(1_000) })
    return await reply.text()
  } catch {
    return undefined
  }
}

/**
 * Stops the gateway when this process, or the one that started it, ends.
 * @param onAsked is called when the gateway has to stop
 */
function endWithParent(worker: ChildProcess, onAsked: () => void): void {
  const stop = (): void => {
    onAsked()
    worker.kill('SIGTERM')
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  // npm does not forward signals. But after npm has ended, this process, or the shell between npm
  // and this process, has another parent process.
  const before = ancestors()
  const watch = setInterval(() => ancestors() !== before && stop(), PARENT_MS)
  worker.once('exit', () => clearInterval(watch))
}

/**
 * Returns the id of the process that started this one. Under npm on Linux, this is a shell, so the
 * id of the shell's parent is added.
 */
function ancestors(): string {
  const { ppid, platform, env } = process
  if (platform !== 'linux' || env.npm_lifecycle_event === undefined) return String(ppid)
  try {
    // proc(5): the parent's id is the fourth field of `stat`. The second field is a name in
    // parentheses and may contain spaces.
    const [, parent] = readFileSync(`/proc/${ppid}/stat`, 'utf8').split(/\) \S /)
    return `${ppid} ${parent?.split(' ', 1)[0]}`
  } catch {
    return 'gone'
  }
}
