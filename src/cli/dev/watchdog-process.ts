import { setTimeout as sleep } from 'node:timers/promises'
import { signalGroup } from './process-group'

/**
 * A process of its own that outlives the launcher by a moment. It is told the process groups that
 * were started, one a line, and stops them once its input ends: also when the launcher was killed
 * in a way that it could not notice.
 */
let told = ''
for await (const chunk of process.stdin) told += chunk
const groups = told.split('\n').filter(Boolean).map(Number)

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  const alive = groups.filter((group) => signalGroup(group, signal))
  if (alive.length === 0) break
  await sleep(5000)
}
