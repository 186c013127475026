import { setTimeout as sleep } from 'node:timers/promises'
import { signalGroup } from './process-group'

/**
 * A process of its own that outlives the launcher for a moment. Its input names the process groups
 * that were started, one a line. It stops them when the input ends, even if the launcher was killed
 * without notice.
 */
let told = ''
for await (const chunk of process.stdin) told += chunk
const groups = told.split('\n').filter(Boolean).map(Number)

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  const alive = groups.filter((group) => signalGroup(group, signal))
  if (alive.length === 0) break
  await sleep(5000)
}
