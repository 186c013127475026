import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '../connection.ts'
import { readAudit } from './audit-file.ts'
import { BrokenRules } from './broken-rules.ts'
import { killAtRandom } from './faults.ts'
import { judge, type RigFigures } from './judge.ts'
import { mayBeUnread } from './judge-stream.ts'
import { type MemorySeen, measureRigMemory } from './memory.ts'
import { insistOnOpenFiles } from './open-files.ts'
import { askAsPeople, type PeopleSeen } from './people.ts'
import { Random } from './random.ts'
import { ShortRequests } from './short-requests.ts'
import { openStage, type Stage } from './stage.ts'
import { Streams } from './streams.ts'

export interface RigSize {
  readonly seed: number
  /** How many seconds the test starts streams and kills servers. */
  readonly seconds: number
  /** The number of streams that are open at the same time. */
  readonly streams: number
  readonly people: readonly number[]
  /** The size of the memory measurement; undefined leaves it out. */
  readonly memory: { readonly streams: number; readonly chunks: number } | undefined
}

export interface RigSeen extends RigFigures {
  readonly size: RigSize
  readonly people: readonly PeopleSeen[]
  readonly memory: MemorySeen | undefined
  readonly broken: BrokenRules
}

const EVENTS_PER_SECOND = 2000
const SHORT_PER_SECOND = 600
/** Each server is killed once in this many seconds, and at least once. */
const SECONDS_PER_KILL = 60
const AGENT_DOWN = { least: 200, most: 1500 }
const KEYS_DOWN_PART = 0.25
/**
 * How long a new key may take to be accepted. After a failure the gateway fetches keys again within
 * 15 seconds, and it looks up a new key every 10.
 */
const NEW_KEYS_SECONDS = 45

/** Runs the gateway under load and faults, and judges all observations. */
export async function runRig(size: RigSize, say: (line: string) => void = () => undefined): Promise<RigSeen> {
  insistOnOpenFiles(Math.max(size.streams, size.memory?.streams ?? 0))
  const stage = await openStage()
  const broken = new BrokenRules()
  let sent = 0
  const nextTrace = () => ++sent
  const random = new Random(size.seed)
  try {
    const memory = size.memory && (await measureRigMemory(stage, size.memory.streams, size.memory.chunks))
    broken.add(memory?.faults ?? [])
    const short = await ShortRequests.prepare(stage, random, nextTrace)
    const streams = await Streams.prepare(stage, random, nextTrace)
    await first(stage, short)

    say(`${size.streams} streams for ${size.seconds} s, seed ${size.seed}`)
    await Promise.race([underFaults(stage, size, random, short, streams), ended(stage)])
    const people: PeopleSeen[] = []
    for (const count of size.people) {
      say(`${count} people`)
      people.push(await askAsPeople(stage, count, nextTrace))
    }
    broken.add(people.flatMap(({ faults }) => faults))
    if (size.seconds >= 15) broken.add(await newKeysPass(stage, short))

    say('reading the audit lines')
    const mayMiss = new Set(streams.seen.filter(mayBeUnread).map(({ trace }) => trace))
    const audit = await readAudit(stage.auditFile, sent, mayMiss)
    const figures = judge({ stage, short: short.seen, streams, people, audit, sent }, broken)
    return { ...figures, size, people, memory, broken }
  } finally {
    await stage.stop()
  }
}

/**
 * Waits until the gateway has ended.
 * @throws Error as soon as it has, because this must never happen in a run
 */
async function ended({ gateway }: Stage): Promise<never> {
  for (;;) {
    const how = gateway.ended()
    if (how !== undefined) throw new Error(`The gateway must not end. ${how}`)
    await sleep(500, undefined, { ref: false })
  }
}

/** Sends the first request, so that the gateway knows the keys before the first outage. */
async function first(stage: Stage, short: ShortRequests): Promise<void> {
  const connection = new Connection(stage.gateway.port)
  const seen = await short.one(connection, 'known token')
  connection.close()
  if (seen.status !== 200) throw new Error(`the first request got ${seen.status}`)
  short.seen.push(seen)
}

async function underFaults(
  stage: Stage,
  { seconds, streams: count, seed }: RigSize,
  random: Random,
  short: ShortRequests,
  streams: Streams,
): Promise<void> {
  const until = performance.now() + seconds * 1000
  const kills = Math.max(1, Math.round(seconds / SECONDS_PER_KILL))
  const keysDownMs = (seconds * 1000 * KEYS_DOWN_PART) / kills
  await Promise.all([
    streams.hold(count, EVENTS_PER_SECOND, until),
    short.send(SHORT_PER_SECOND, until),
    killAtRandom(stage.agent, { kills, downMs: AGENT_DOWN }, new Random(seed + 1), until),
    killAtRandom(stage.keys, { kills, downMs: { least: keysDownMs * 0.7, most: keysDownMs } }, random, until),
  ])
}

/** Checks that a token is accepted after a while if its key was published at the last restart. */
async function newKeysPass(stage: Stage, short: ShortRequests): Promise<string[]> {
  const connection = new Connection(stage.gateway.port)
  const until = performance.now() + NEW_KEYS_SECONDS * 1000
  try {
    for (;;) {
      const seen = await short.one(connection, 'newest published key')
      short.seen.push(seen)
      if (seen.status === 200) return []
      if (performance.now() > until) {
        return [
          `a published key: found ${seen.status} ${NEW_KEYS_SECONDS} s after its key server came back, expected 200`,
        ]
      }
      await sleep(500)
    }
  } finally {
    connection.close()
  }
}
