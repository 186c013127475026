import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '../connection.ts'
import type { Options } from '../options.ts'
import { startStreamers } from '../streamers.ts'
import { firstEventMs, type Streamer, streamBytes } from '../streams.ts'
import { figure, type Section } from '../table.ts'
import { cpuMicros, rssBytes } from '../usage.ts'
import type { World } from '../world.ts'

interface Held {
  readonly streamer: Streamer
  readonly connections: readonly Connection[]
  readonly before: number
  readonly opened: number
  readonly cpu: number
}

/**
 * The number of streams that are opened at a time. The connection queue is short on some systems.
 */
const AT_ONCE = 25

/**
 * Measures the memory of an open, silent stream. All gateways hold their streams open at the same
 * time, so the run waits only once.
 */
export async function measureMemory(world: World, { only, sizes }: Options): Promise<Section> {
  const streamers = await startStreamers(world, { only })
  const held: Held[] = []
  try {
    for (const streamer of streamers.all) held.push(await hold(streamer, sizes.idleStreams))
    process.stderr.write(`  holding ${sizes.idleStreams} streams on each for ${sizes.soakSeconds} s\n`)
    await sleep(sizes.soakSeconds * 1000)
    const figures = held.map(({ streamer, before, opened, cpu }) => {
      const after = rssBytes(streamer.subject.pid)
      return {
        title: streamer.title,
        rssBeforeMiB: before / 2 ** 20,
        rssOpenedMiB: opened / 2 ** 20,
        rssAfterMiB: after / 2 ** 20,
        perStreamKiB: (after - before) / sizes.idleStreams / 1024,
        cpuMillisPerSecond: (cpuMicros(streamer.subject.pid) - cpu) / 1000 / sizes.soakSeconds,
      }
    })
    return {
      id: 'memory',
      title: `Memory with ${sizes.idleStreams} silent streams`,
      notes: [
        `RSS before, when all are open, and after ${sizes.soakSeconds} s. Per stream: the difference, which holds what the runtime keeps to itself too.`,
        'The reading gear sends a comment after 15 s of silence; CPU is what the process spent meanwhile.',
        ...streamers.notes,
      ],
      head: ['', 'RSS MiB before', 'opened', 'after', 'KiB per stream', 'CPU ms per second'],
      rows: figures.map((each) => [
        each.title,
        figure(each.rssBeforeMiB),
        figure(each.rssOpenedMiB),
        figure(each.rssAfterMiB),
        figure(each.perStreamKiB),
        figure(each.cpuMillisPerSecond, 1),
      ]),
      figures,
    }
  } finally {
    for (const { connections } of held) for (const connection of connections) connection.close()
    await streamers.stop()
  }
}

async function hold(streamer: Streamer, count: number): Promise<Held> {
  const { subject } = streamer
  await firstEventMs(streamer, 200)
  const before = rssBytes(subject.pid)
  const request = streamBytes(streamer, '?idle')
  const connections = Array.from({ length: count }, () => new Connection(subject.port))
  for (let from = 0; from < count; from += AT_ONCE) {
    await Promise.all(connections.slice(from, from + AT_ONCE).map((connection) => connection.open(request)))
  }
  return { streamer, connections, before, opened: rssBytes(subject.pid), cpu: cpuMicros(subject.pid) }
}
