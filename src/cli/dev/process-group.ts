/**
 * Sends a signal to a process and all that it started, where it leads a group of its own.
 * @param signal 0 to ask only whether anybody is there
 * @returns whether anybody in the group was there to hear it; grandchildren count
 */
export function signalGroup(leader: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (leader === undefined) return false
  try {
    return process.kill(-leader, signal)
  } catch {
    return false
  }
}
