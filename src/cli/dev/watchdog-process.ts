import { setTimeout as sleep } from 'node:timers/promises'
import { signalGroup } from './process-group'

/**
 * A separate process that stops everything which `sallyport dev` started. Its input lists the
 * process groups, one per line. When `sallyport dev` ends or is killed, the input ends. This
 * process then stops these groups.
 */
let told = ''
for await (const chunk of process.stdin) told += chunk
const groups = told.split('\n').filter(Boolean).map(Number)

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  const alive = groups.filter((group) => signalGroup(group, signal))
  if (alive.length === 0) break
  await sleep(5000)
}
