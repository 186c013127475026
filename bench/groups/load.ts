import type { LoadOptions } from '../options.ts'
import { type RigSeen, runRig } from '../rig/rig.ts'
import { figure, type Section } from '../table.ts'
import type { World } from '../world.ts'

/** Runs the gateway under load and faults. This takes a long time, so it runs only on request. */
export async function measureLoad(_world: World, { load }: LoadOptions): Promise<Section> {
  const seen = await runRig(load, (line) => process.stderr.write(`  ${line}\n`))
  const { size, broken } = seen
  return {
    id: 'load',
    title: 'Load and faults',
    notes: [
      `${size.seconds} s, ${figure(size.streams)} streams at once, seed ${size.seed}: \`--seed ${size.seed}\` makes the same choices again.`,
      'Memory is that of a gateway of its own. Growth is that of its largest RSS, for each byte that was sent.',
      `${broken.count} rules were broken.`,
    ],
    head: ['', 'found'],
    rows: rowsOf(seen),
    figures: { ...seen, people: seen.people.map(({ people, replies, faults }) => ({ people, replies, faults })) },
    broken: broken.first,
  }
}

function rowsOf({ streams, short, keysMissing, whileKeysDown, kills, audit, people, memory }: RigSeen): string[][] {
  const ended = (name: 'complete' | 'told' | 'left' | 'refused' | 'unread') =>
    (streams.ended[`ag-ui ${name}`] ?? 0) + (streams.ended[`mcp ${name}`] ?? 0)
  const sum = Object.values(short).reduce((total, each) => total + each, 0)
  const counts: readonly [string, number][] = [
    ['streams', streams.opened],
    ['most at once', streams.most],
    ['events, each checked', streams.events],
    ['complete', ended('complete')],
    ['cut by a kill and told: RUN_ERROR (reading gear)', streams.ended['ag-ui told'] ?? 0],
    ['cut by a kill and told: broken off (native gear)', streams.ended['mcp told'] ?? 0],
    ['left by their callers', ended('left')],
    ['left before they were read', ended('unread')],
    ['refused while the agent was down', ended('refused')],
    ['kills of the agent', kills.agent],
    ['kills of the key server', kills.keys],
    ['short requests', sum],
    ['with good tokens while the key server was down', whileKeysDown],
    ['of these, 503 because a key was not known', keysMissing],
    ['final audit lines', audit.finals],
    ['opening audit lines', audit.begun],
    ['bytes of the largest line', audit.largestBytes],
    ...people.map(({ people, replies }): [string, number] => [`replies to ${figure(people)} people`, replies]),
  ]
  const rows = counts.map(([title, count]) => [title, figure(count)])
  if (!memory) return rows
  return [
    ...rows,
    ['RSS MiB before', figure(memory.beforeMiB, 1)],
    [`RSS MiB with ${figure(memory.streams)} open streams`, figure(memory.openMiB, 1)],
    ['RSS MiB after', figure(memory.afterMiB, 1)],
    [`bytes for each of ${figure(memory.chunks)} one-byte chunks of a body`, figure(memory.bodyBytesPerByte, 1)],
    [`bytes for each of ${figure(memory.chunks)} one-byte chunks of an event`, figure(memory.eventBytesPerByte, 1)],
  ]
}
