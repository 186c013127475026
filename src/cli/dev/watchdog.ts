import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * A process of its own that ends what this one started, where this one is killed in a way that it
 * cannot notice.
 */
export interface Watchdog {
  /** @param group the process that leads a group, all of which ends with this process */
  watch(group: number | undefined): void
  /** Ends what is left of every group. */
  readonly end: () => void
}

/** On Windows, which has no process groups, it does nothing. */
export function startWatchdog(): Watchdog {
  if (process.platform === 'win32') return { watch: () => undefined, end: () => undefined }
  const script = fileURLToPath(new URL('./dev-watchdog.js', import.meta.url))
  const watchdog = spawn(process.execPath, [script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  // Without it everything still works, as long as this process can stop what it started.
  watchdog.on('error', () => undefined)
  watchdog.stdin.on('error', () => undefined)
  return {
    watch: (group) => void (group !== undefined && watchdog.stdin.write(`${group}\n`)),
    end: () => void watchdog.stdin.end(),
  }
}
