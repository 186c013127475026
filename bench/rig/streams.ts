import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from './random.ts'
import type { Stage } from './stage.ts'
import { callStream, type Leave, type StreamSeen } from './stream-call.ts'

const EVENTS = { least: 3, most: 33 }
/** The number of callers, of a hundred, who leave before the end. */
const LEAVERS = 12
const PEOPLE = 200

/** Holds many streams open at the same time. When one ends, the next one begins. */
export class Streams {
  readonly seen: StreamSeen[] = []
  /** The largest number of streams that were open at once. */
  most = 0
  open = 0
  readonly #stage: Stage
  readonly #random: Random
  readonly #nextTrace: () => number
  readonly #people: readonly string[]
  #next = 1

  private constructor(stage: Stage, random: Random, nextTrace: () => number, people: readonly string[]) {
    this.#stage = stage
    this.#random = random
    this.#nextTrace = nextTrace
    this.#people = people
  }

  static async prepare(stage: Stage, random: Random, nextTrace: () => number): Promise<Streams> {
    const tokens = stage.generations[0]
    if (!tokens) throw new Error('there are no keys')
    return new Streams(stage, random, nextTrace, await tokens.pool(PEOPLE, 'ES256', 'many'))
  }

  /**
   * Holds this many streams open until a time of `performance.now()`, and waits for their ends.
   * @param eventsPerSecond the rate of all streams together
   */
  async hold(count: number, eventsPerSecond: number, until: number): Promise<void> {
    const gapMs = (count * 1000) / eventsPerSecond
    // To open all at once would only test the queue of connections.
    const spreadMs = Math.min(count, gapMs * EVENTS.most)
    await Promise.all(
      Array.from({ length: count }, async () => {
        await sleep(this.#random.next() * spreadMs)
        while (performance.now() < until) {
          const seen = await this.#one(gapMs)
          this.seen.push(seen)
          // A refused caller comes back after a moment, as real callers do.
          if (seen.status !== 200 && seen.end !== 'left') await sleep(200 + 600 * this.#random.next())
        }
      }),
    )
  }

  async #one(gapMs: number): Promise<StreamSeen> {
    const random = this.#random
    const stream = this.#next++
    const kind = random.chance(0.5) ? 'ag-ui' : 'mcp'
    const events = random.between(EVENTS.least, EVENTS.most)
    const person = random.between(0, this.#people.length - 1)
    const asked = {
      kind,
      stream,
      events,
      person: `user-${person}`,
      ...(kind === 'ag-ui' && { thread: `thread "${stream}" of the rig` }),
    } as const
    this.open++
    this.most = Math.max(this.most, this.open)
    const seen = await callStream({
      asked,
      trace: this.#nextTrace(),
      port: this.#stage.gateway.port,
      token: this.#people[person] ?? '',
      gapMs: Math.round(gapMs * (0.5 + random.next())),
      leave: this.#leave(events),
    })
    this.open--
    return seen
  }

  #leave(events: number): Leave | undefined {
    const random = this.#random
    if (random.between(1, 100) > LEAVERS) return undefined
    return { by: random.chance(0.5) ? 'reset' : 'close', afterEvents: random.between(0, events - 1) }
  }
}
