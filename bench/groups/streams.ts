import type { Options } from '../options.ts'
import { type Spread, shuffled, spreadOf } from '../statistics.ts'
import { startStreamers } from '../streamers.ts'
import { type Flow, firstEventMs, flow, langgraphStream, type Streamer } from '../streams.ts'
import { figure, type Section, withSpread } from '../table.ts'
import type { World } from '../world.ts'

interface Sample extends Flow {
  readonly firstMs: number
  readonly pacedCpuMicros: number
}

export interface StreamFigures {
  readonly title: string
  readonly firstMs: Spread
  readonly addedFirstMs: Spread
  readonly eventsPerSecond: Spread
  readonly cpuMicrosPerEvent: Spread
  readonly timesFloor: Spread
  readonly pacedCpuMicros: Spread
  readonly pacedTimesFloor: Spread
}

/** Several conversations at a time, with a pause after each event. */
const PACED = { streams: 10, events: 300, gapMs: 4 }

/** Measures the cost of an event, and the delay of the first event. */
export async function measureStreams(world: World, { only, rounds, sizes }: Options): Promise<Section> {
  const streamers = await startStreamers(world, { only })
  const origin: Streamer = { title: 'origin alone', subject: world.origin, exchange: langgraphStream, token: undefined }
  const all = [origin, ...streamers.all]
  const samples = new Map<Streamer, Sample[]>(all.map((each) => [each, []]))
  try {
    for (let round = 0; round < rounds; round++) {
      process.stderr.write(`  round ${round + 1} of ${rounds}\n`)
      for (const each of shuffled(all)) {
        const firstMs = await firstEventMs(each, sizes.firstEvents)
        const burst = await flow(each, { streams: 1, events: sizes.events, gapMs: 0 })
        const paced = await flow(each, PACED)
        samples.get(each)?.push({ firstMs, ...burst, pacedCpuMicros: paced.cpuMicrosPerEvent })
      }
    }
  } finally {
    await streamers.stop()
  }

  const floor = streamers.all[0] as Streamer
  const figures = all.map((each) => figuresOf(each, samples, origin, floor))
  return {
    id: 'streams',
    title: 'Streams',
    notes: [
      `First event: the median of ${sizes.firstEvents} callers one after the other. Events: one stream of ${sizes.events.toLocaleString('en-US')} AG-UI events of about 100 bytes, sent as fast as they go.`,
      `Paced: ${PACED.streams} streams at a time, with ${PACED.gapMs} ms between events, as models write.`,
      ...streamers.notes,
    ],
    head: ['', 'first event ms', 'added ms', 'events/s', 'CPU µs per event', '× floor', 'paced CPU µs', '× floor'],
    rows: figures.map((each) => [
      each.title,
      figure(each.firstMs.median, 2),
      withSpread(each.addedFirstMs, 2),
      figure(each.eventsPerSecond.median),
      figure(each.cpuMicrosPerEvent.median, 1),
      withSpread(each.timesFloor, 2),
      figure(each.pacedCpuMicros.median, 1),
      withSpread(each.pacedTimesFloor, 2),
    ]),
    figures,
  }
}

function figuresOf(
  each: Streamer,
  samples: ReadonlyMap<Streamer, readonly Sample[]>,
  origin: Streamer,
  floor: Streamer,
): StreamFigures {
  const own = samples.get(each) ?? []
  const at = (other: Streamer, round: number) => samples.get(other)?.[round] as Sample
  return {
    title: each.title,
    firstMs: spreadOf(own.map(({ firstMs }) => firstMs)),
    addedFirstMs: spreadOf(own.map(({ firstMs }, round) => firstMs - at(origin, round).firstMs)),
    eventsPerSecond: spreadOf(own.map(({ eventsPerSecond }) => eventsPerSecond)),
    cpuMicrosPerEvent: spreadOf(own.map(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent)),
    timesFloor: spreadOf(own.map((sample, round) => sample.cpuMicrosPerEvent / at(floor, round).cpuMicrosPerEvent)),
    pacedCpuMicros: spreadOf(own.map(({ pacedCpuMicros }) => pacedCpuMicros)),
    pacedTimesFloor: spreadOf(own.map((sample, round) => sample.pacedCpuMicros / at(floor, round).pacedCpuMicros)),
  }
}
