import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { type ChildOptions, spawnChild, untilReady } from './child.ts'

export interface Closable {
  close(): Promise<void>
}

/** Everything that was started, so that all of it can be stopped, and so that nothing dies unnoticed. */
export class Supervisor {
  /** Settles when a child ends that nobody asked to. */
  readonly failed: Promise<string>
  #fail: (why: string) => void = () => {}
  #stops: (() => Promise<void>)[] = []
  #stopping = new AbortController()
  #watchdog: ChildProcess | undefined

  constructor() {
    this.failed = new Promise((resolve) => {
      this.#fail = resolve
    })
  }

  /** Aborted as soon as everything is to stop. */
  get signal(): AbortSignal {
    return this.#stopping.signal
  }

  /** A service of this process. */
  async open<T extends Closable>(service: Promise<T>): Promise<T> {
    const opened = await service
    this.#stops.push(() => opened.close())
    return opened
  }

  /** A service in a process of its own; resolves when it is ready. */
  async start(options: ChildOptions): Promise<void> {
    this.signal.throwIfAborted()
    const child = spawnChild(options)
    this.#stops.push(() => child.stop())
    this.#watch(child.pid)
    await untilReady(child, options)
    child.exited.then((how) => {
      if (!this.signal.aborted) this.#fail(`${how} Its last output:\n\n${child.lastOutput() || '    (none)'}`)
    })
  }

  #watch(group: number | undefined): void {
    if (process.platform === 'win32') return
    if (!this.#watchdog) {
      const script = join(import.meta.dirname, 'watchdog.ts')
      this.#watchdog = spawn(process.execPath, [script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
      // Without it everything still works, as long as this process can stop what it started.
      this.#watchdog.on('error', () => {})
      this.#watchdog.stdin?.on('error', () => {})
    }
    this.#watchdog.stdin?.write(`${group}\n`)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.allSettled(this.#stops.map((stop) => stop()))
  }
}
