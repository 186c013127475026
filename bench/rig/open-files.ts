import { readFileSync } from 'node:fs'

/**
 * The open files that workerd may need for each stream. It was observed to hold 4, and more for a
 * moment when callers return after a kill.
 */
const FOR_EACH_STREAM = 6
const FOR_THE_REST = 1000

/**
 * Refuses to start if a process may not have enough open files for so many streams. workerd ends
 * itself when none are left.
 * @throws Error that says how many streams are possible
 */
export function insistOnOpenFiles(streams: number): void {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  const most = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY)
  const possible = Math.floor((most - FOR_THE_REST) / FOR_EACH_STREAM)
  if (streams <= possible) return
  throw new Error(
    `${streams} streams need more open files than the ${most} that a process may have here (ulimit -Hn). ` +
      `Give --streams ${possible} or fewer, or raise the limit.`,
  )
}
