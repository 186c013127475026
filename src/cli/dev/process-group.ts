/**
 * Sends a signal to a process and to all processes that it started. The process must lead a process
 * group.
 * @param signal 0 only checks whether the group exists
 * @returns whether any process of the group received it; grandchildren count
 */
export function signalGroup(leader: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (leader === undefined) return false
  try {
    return process.kill(-leader, signal)
  } catch {
    return false
  }
}
