import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { ProjectError } from '../project'
import type { ToWorker } from './worker'

/** How often it looks whether it is still wanted. */
const PARENT_MS = 500

/** The gateway, in a process that has workerd. */
export interface RunningGateway {
  /** Gives it other variables. */
  use(variables: Readonly<Record<string, string>>): void
  /** Resolves when it has ended, with the exit code. */
  readonly ended: Promise<number>
}

/**
 * Starts the gateway, and ends it when this process is told to end, or when the process that
 * started this one has gone.
 * @param start wrangler's file of it, and its port
 * @param onLine is given each line that it writes
 * @throws ProjectError where it does not start
 */
export async function startGateway(
  root: string,
  variables: Readonly<Record<string, string>>,
  start: { readonly config: string; readonly port: number },
  onLine: (line: string) => void,
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
  })
  for (const output of [worker.stdout, worker.stderr])
    if (output) createInterface({ input: output }).on('line', (line) => onLine(stripVTControlCharacters(line)))
  let isAsked = false
  endWithParent(worker, () => {
    isAsked = true
  })
  const ended = once(worker, 'exit').then(([code]) => (isAsked || code === null ? 0 : Number(code)))
  const send = (message: ToWorker) => void worker.send(message)
  send({ variables, start })
  const hasStarted = await Promise.race([once(worker, 'message').then(() => true), ended.then(() => false)])
  if (!hasStarted) throw new ProjectError('The gateway did not start; its messages are above.')
  return { use: (others) => send({ variables: others }), ended }
}

/** @param onAsked is called when it is time to end */
function endWithParent(worker: ChildProcess, onAsked: () => void): void {
  const stop = (): void => {
    onAsked()
    worker.kill('SIGTERM')
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  // npm hands no signal on; once it has gone, this process, or the shell between them, has another
  // parent.
  const before = ancestors()
  const watch = setInterval(() => ancestors() !== before && stop(), PARENT_MS)
  worker.once('exit', () => clearInterval(watch))
}

/**
 * The process that started this one, and under npm on Linux, where a shell stands between, also
 * npm.
 */
function ancestors(): string {
  const { ppid, platform, env } = process
  if (platform !== 'linux' || env.npm_lifecycle_event === undefined) return String(ppid)
  try {
    // proc(5): the fourth field of `stat`, behind a name in parentheses that may have spaces.
    const [, parent] = readFileSync(`/proc/${ppid}/stat`, 'utf8').split(/\) \S /)
    return `${ppid} ${parent?.split(' ', 1)[0]}`
  } catch {
    return 'gone'
  }
}
