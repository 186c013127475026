import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * A process that stops everything that this process started, even if this process is killed without
 * notice.
 */
export interface Watchdog {
  /** @param group the leader of a process group, all of which ends with this process */
  watch(group: number | undefined): void
  /** Ends the processes that still run in any group. */
  readonly end: () => void
}

/** Does nothing on Windows, which has no process groups. */
export function startWatchdog(): Watchdog {
  if (process.platform === 'win32') return { watch: () => undefined, end: () => undefined }
  const script = fileURLToPath(new URL('./dev-watchdog.js', import.meta.url))
  const watchdog = spawn(process.execPath, [script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  // Without it everything still works, as long as this process itself can stop its children.
  watchdog.on('error', () => undefined)
  watchdog.stdin.on('error', () => undefined)
  return {
    watch: (group) => void (group !== undefined && watchdog.stdin.write(`${group}\n`)),
    end: () => void watchdog.stdin.end(),
  }
}
