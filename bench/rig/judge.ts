import type { AuditTally } from './audit-tally.ts'
import type { BrokenRules } from './broken-rules.ts'
import { judgeShort } from './judge-short.ts'
import { type Ended, judgeStream } from './judge-stream.ts'
import type { PeopleSeen } from './people.ts'
import type { ShortSeen } from './short-requests.ts'
import type { Stage } from './stage.ts'
import type { Kind } from './story.ts'
import type { Streams } from './streams.ts'

export interface RigFigures {
  readonly streams: {
    readonly opened: number
    readonly most: number
    readonly events: number
    readonly ended: Readonly<Partial<Record<`${Kind} ${Ended}`, number>>>
  }
  /** The number of short requests of each kind. */
  readonly short: Readonly<Record<string, number>>
  /**
   * Requests with good tokens that were refused with "try again later", because their keys could
   * not be fetched.
   */
  readonly keysMissing: number
  /** Requests with good tokens that were sent while the key server was down. */
  readonly whileKeysDown: number
  readonly kills: { readonly agent: number; readonly keys: number }
  readonly audit: {
    readonly requests: number
    readonly finals: number
    readonly begun: number
    readonly largestBytes: number
    /** The gateway's other log lines, counted by their event. */
    readonly events: Readonly<Record<string, number>>
  }
}

interface Run {
  readonly stage: Stage
  readonly short: readonly ShortSeen[]
  readonly streams: Streams
  readonly people: readonly PeopleSeen[]
  readonly audit: AuditTally
  /** The number of requests that were sent in all. */
  readonly sent: number
}

const REFUSED = new Set(['forged signature', 'key of nobody', 'no token', 'unknown route'])

/** Judges and counts everything that a run has observed. */
export function judge({ stage, short, streams, people, audit, sent }: Run, broken: BrokenRules): RigFigures {
  const agentDown = stage.agent.outages
  const keysDown = stage.keys.outages
  const record = stage.record()
  const ended: Partial<Record<`${Kind} ${Ended}`, number>> = {}
  let unread = 0
  for (const seen of streams.seen) {
    const verdict = judgeStream(seen, { audit, agentDown, record })
    const name = `${seen.asked.kind} ${verdict.ended}` as const
    ended[name] = (ended[name] ?? 0) + 1
    if (verdict.ended === 'unread') unread++
    broken.add(verdict.faults)
  }
  for (const seen of short) broken.add(judgeShort(seen, { audit, agentDown, keysDown }))
  for (const trace of people.flatMap(({ traces }) => traces)) {
    const lines = audit.finalOf(trace).length
    if (lines !== 1) broken.add([`request ${trace} of a person: found ${lines} final audit lines, expected one`])
  }
  broken.add(audit.faults)
  broken.add(audit.strangers(sent).map((trace) => `audit: found a line of request ${trace}, which was not sent`))
  const expected = sent - unread
  if (audit.finals !== expected) broken.add([`audit: found ${audit.finals} final lines, expected ${expected}`])

  const good = short.filter(({ sort }) => !REFUSED.has(sort))
  return {
    streams: {
      opened: streams.seen.length,
      most: streams.most,
      events: streams.seen.reduce((total, { check }) => total + check.events, 0),
      ended,
    },
    short: Object.fromEntries([...Map.groupBy(short, ({ sort }) => sort)].map(([sort, all]) => [sort, all.length])),
    keysMissing: good.filter(({ status }) => status === 503).length,
    whileKeysDown: good.filter((seen) => keysDown.touch(seen)).length,
    kills: { agent: agentDown.count, keys: keysDown.count },
    audit: {
      requests: expected,
      finals: audit.finals,
      begun: audit.begun,
      largestBytes: audit.largestBytes,
      events: Object.fromEntries(audit.events),
    },
  }
}
