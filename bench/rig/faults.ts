import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from './random.ts'
import type { Killable } from './stage.ts'

export interface Rhythm {
  /** The number of kills, spread over the time. */
  readonly kills: number
  readonly downMs: { readonly least: number; readonly most: number }
}

/**
 * Kills a server at random moments and starts it again. It goes on until a time of
 * `performance.now()`.
 */
export async function killAtRandom(
  server: Killable,
  { kills, downMs }: Rhythm,
  random: Random,
  until: number,
): Promise<void> {
  const from = performance.now()
  const share = (until - from) / kills
  for (let kill = 0; kill < kills; kill++) {
    // The kill is in the middle of its interval. So streams are open before it, and have time after
    // it.
    const at = from + share * (kill + 0.3 + 0.3 * random.next())
    await sleep(Math.max(0, at - performance.now()))
    await server.kill()
    await sleep(random.between(downMs.least, downMs.most))
    await server.startAgain()
  }
}
