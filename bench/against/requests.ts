import { type Run, requestsOf, SLICES } from '../cases.ts'
import { Load } from '../load.ts'
import { exchanges } from '../sallyport.ts'
import { usualRequests } from '../usual-requests.ts'
import type { World } from '../world.ts'
import type { Compared } from './compare.ts'

/** Returns the request cases of a usual run, for a comparison of two builds. */
export async function requestCases(world: World, run: Run): Promise<Compared[]> {
  const { connections, requests, warmup } = run.sizes
  return (await usualRequests(world)).map(({ shape, share = 1, bind, title, tokens }) => ({
    title,
    bind,
    exchange: exchanges[shape],
    slices: SLICES,
    async begin(subject) {
      // A process lives for one round only, so every round may use the tokens of the first round.
      const requestAt = await requestsOf({ subject, exchange: exchanges[shape], tokens }, 0, run)
      const load = new Load(subject, requestAt, connections)
      await load.send(Math.ceil(warmup * share))
      const count = Math.ceil((requests * share) / SLICES)
      return { slice: async () => (await load.send(count)).cpuMicros / count, end: () => load.close() }
    },
  }))
}
