import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { signalGroup } from '../process-group'

export interface ChildOptions {
  name: string
  /** The program to start. Default: Node. */
  command?: string
  /** Whether a shell must run the command. */
  isForShell?: boolean
  /** The arguments of the program, such as a script. */
  args: string[]
  cwd: string
  env?: Readonly<Record<string, string>>
  /** Receives every line of the program's output. */
  onLine?: (line: string) => void
}

/** The settings for recognising that a child process is ready. */
export interface Readiness {
  name: string
  /** The URL that answers 2xx when the child process is ready. */
  readyUrl: string
  /** Tells whether an HTTP status means that the child is ready. By default, any 2xx does. */
  isReady?: (status: number) => boolean
  startSeconds: number
  /** Matches output which means that the child will never be ready, although it keeps running. */
  fatal?: RegExp
}

export interface Child {
  name: string
  /** The id of the process, which is also the id of its process group. */
  pid: number | undefined
  /** Resolves when the process has ended, with a sentence that says how. */
  exited: Promise<string>
  lastOutput(): string
  stop(): Promise<void>
}

const OUTPUT_LINES = 30
/** The longest output that is kept. It is limited because a program may write an endless line. */
const OUTPUT_CHARACTERS = 8_000
const GRACE_MS = 5000

/** Starts a process in its own process group, so that its children can be stopped with it. */
export function spawnChild({
  name,
  command = process.execPath,
  isForShell = false,
  args,
  cwd,
  env,
  onLine,
}: ChildOptions): Child {
  const child = spawn(command, args, {
    shell: isForShell,
    cwd,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  })

  let output = ''
  const keep = (chunk: Buffer) => {
    const text = (output + stripVTControlCharacters(chunk.toString())).slice(-OUTPUT_CHARACTERS)
    output = text.split('\n').slice(-OUTPUT_LINES).join('\n')
  }
  child.stdout.on('data', keep)
  if (onLine) createInterface({ input: child.stdout }).on('line', onLine)
  child.stderr.on('data', keep)

  const exited = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(`${name} did not start: ${error.message}.`))
    child.on('exit', (code, signal) => resolve(`${name} ended with ${signal ?? `exit code ${code}`}.`))
  })
  return {
    name,
    pid: child.pid,
    exited,
    lastOutput: () => (output.trim() === '' ? '' : output.trim().replace(/^/gm, '    ')),
    stop: () => stopGroup(child, exited),
  }
}

/**
 * Waits until the child answers. Fails with the child's last output if the child ends or takes too
 * long.
 */
export async function untilReady(child: Child, options: Readiness): Promise<void> {
  const { name, readyUrl, startSeconds, fatal, isReady = (status) => status >= 200 && status < 300 } = options
  let ended: string | undefined
  child.exited.then((how) => {
    ended = how
  })

  let last = 'no answer'
  const deadline = Date.now() + startSeconds * 1000
  while (!ended && Date.now() < deadline) {
    const reply = await fetch(readyUrl, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
    if (reply && isReady(reply.status)) return
    if (reply) last = `${reply.status} ${(await reply.text().catch(() => '')).slice(0, 500)}`
    await sleep(100)
    if (fatal?.test(child.lastOutput())) {
      // Half a second later, the rest of the child's error message has probably arrived.
      await sleep(500)
      ended = `${name} cannot start.`
    }
  }
  const fault = ended ?? `${name} was not ready within ${startSeconds} seconds (${readyUrl}: ${last}).`
  throw new Error(`${fault} Its last output:\n\n${child.lastOutput() || '    (none)'}`)
}

async function stopGroup(child: ChildProcess, exited: Promise<string>): Promise<void> {
  const { pid } = child
  if (!pid) return
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(pid), '/t', '/f'], { stdio: 'ignore' })
  } else {
    signalGroup(pid, 'SIGTERM')
    const deadline = Date.now() + GRACE_MS
    while (signalGroup(pid, 0) && Date.now() < deadline) await sleep(50)
    signalGroup(pid, 'SIGKILL')
  }
  await exited
}
