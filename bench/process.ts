import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { treeOf } from './usage.ts'

export interface Running {
  readonly name: string
  readonly pid: number
  readonly port: number
  /** Says how the process ended, with its last errors; undefined while it runs. */
  ended(): string | undefined
  stop(): Promise<void>
  /** Ends the process at once. It has no chance to clean up. */
  kill(): Promise<void>
}

export interface Start {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly port: number
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly startSeconds?: number
  /** Receives the standard output of the process, which is lost otherwise. */
  readonly outputFile?: string
}

const GRACE_MS = 3000
/**
 * Raises the limit of open files, because each idle stream takes two, and shells often allow 1,024.
 * `exec` keeps the process id.
 */
const WITH_ALL_FILES = 'ulimit -n $(ulimit -Hn); exec "$0" "$@"'
const started = new Set<ChildProcess>()

process.on('exit', () => {
  for (const child of started) end(child, 'SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

/** Starts a process and waits until it listens on its port. Keeps the last of its error output. */
export async function start({
  name,
  command,
  args,
  port,
  cwd,
  env,
  startSeconds = 30,
  outputFile,
}: Start): Promise<Running> {
  const output = outputFile === undefined ? undefined : openSync(outputFile, 'a')
  const child = spawn('sh', ['-c', WITH_ALL_FILES, command, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', output ?? 'ignore', 'pipe'],
  })
  if (output !== undefined) closeSync(output)
  started.add(child)
  let errors = ''
  let ended: string | undefined
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk).slice(-4000)
  })
  child.on('error', (error) => {
    ended = error.message
  })
  child.on('exit', (code, signal) => {
    ended ??= `ended with ${signal ?? `exit code ${code}`}`
    started.delete(child)
  })

  const deadline = Date.now() + startSeconds * 1000
  while (!(await answers(port))) {
    if (ended !== undefined || Date.now() > deadline) {
      end(child, 'SIGKILL')
      throw new Error(`${name} ${ended ?? `was not ready within ${startSeconds} seconds`}\n${errors.trim()}`)
    }
    await sleep(20)
  }
  return {
    name,
    pid: child.pid ?? 0,
    port,
    ended: () => ended && `${name} ${ended}\n${errors.trim()}`,
    stop: () => stop(child),
    kill: () => killNow(child),
  }
}

/** Tells whether a server answers. Any status counts, because the self-check looks at it later. */
async function answers(port: number): Promise<boolean> {
  const reply = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined)
  await reply?.body?.cancel()
  return reply !== undefined
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  const tree = treeOf(child.pid ?? 0)
  end(child, 'SIGTERM')
  await Promise.race([exited, sleep(GRACE_MS)])
  for (const pid of tree) kill(pid, 'SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await exited
}

async function killNow(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  end(child, 'SIGKILL')
  await exited
}

function end(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid) for (const pid of treeOf(child.pid)) kill(pid, signal)
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // The process has ended already.
  }
}
