import type { Sizes } from '../options.ts'
import { agUiStream, type FlowSize, flow, langgraphStream } from '../streams.ts'
import type { World } from '../world.ts'
import type { Compared } from './compare.ts'

const SLICES = 6
/** Several conversations at a time, with a pause after each event. */
const PACED: FlowSize = { streams: 10, events: 150, gapMs: 4 }

const gears = { 'native gear (langgraph)': langgraphStream, 'reading gear (ag-ui)': agUiStream }

/**
 * Returns streams that are sent fast (burst) and slowly (paced), for both ways in which the gateway
 * passes streams on: it reads the events, or the runtime moves the bytes unread.
 */
export async function streamCases(world: World, { events }: Sizes): Promise<Compared[]> {
  const token = await world.tokens.sign()
  const sizes = { burst: { streams: 1, events: Math.ceil(events / 4), gapMs: 0 }, paced: PACED }
  return Object.entries(gears).flatMap(([gear, exchange]) =>
    Object.entries(sizes).map(([pace, size]): Compared => {
      const title = `${gear}, ${pace}`
      return {
        title,
        exchange,
        bind: 'request',
        slices: SLICES,
        async begin(subject) {
          const streamer = { title, subject, exchange, token }
          await flow(streamer, { ...size, gapMs: 0 })
          return { slice: async () => (await flow(streamer, size)).cpuMicrosPerEvent, end: () => undefined }
        },
      }
    }),
  )
}
