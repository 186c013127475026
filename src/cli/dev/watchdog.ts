import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * A separate process that stops everything which this process started, even if this process is
 * killed.
 */
export interface Watchdog {
  /** @param group the leader of a process group that must end together with this process */
  watch(group: number | undefined): void
  /** Stops all processes of the watched groups that still run. */
  readonly end: () => void
}

/** Starts the watchdog. Does nothing on Windows, which has no process groups. */
export function startWatchdog(): Watchdog {
  if (process.platform === 'win32') return { watch: () => undefined, end: () => undefined }
  const script = fileURLToPath(new URL('./dev-watchdog.js', import.meta.url))
  const watchdog = spawn(process.execPath, [script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  // If the watchdog fails, this process can still stop its children itself, unless it is killed.
  watchdog.on('error', () => undefined)
  watchdog.stdin.on('error', () => undefined)
  return {
    watch: (group) => void (group !== undefined && watchdog.stdin.write(`${group}\n`)),
    end: () => void watchdog.stdin.end(),
  }
}
