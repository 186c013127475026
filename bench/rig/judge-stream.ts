import type { AuditTally } from './audit-tally.ts'
import type { Outages } from './outages.ts'
import type { StreamSeen } from './stream-call.ts'
import type { StreamRecord } from './stream-record.ts'

const NOTICED_MS = 10_000

/** The facts about a stream that its caller did not observe. */
export interface Evidence {
  readonly audit: Pick<AuditTally, 'finalOf' | 'begunOf'>
  readonly agentDown: Pick<Outages, 'touch'>
  /** The agent's own record of its streams. */
  readonly record: Pick<StreamRecord, 'wasOpened' | 'hasFinished' | 'hasClosed'>
}

/** How a stream ended, as its caller saw it. */
export type Ended = 'complete' | 'told' | 'left' | 'unread' | 'refused' | 'wrong'

export interface Verdict {
  readonly ended: Ended
  /** Sentences with the actual and the expected result. */
  readonly faults: readonly string[]
}

/**
 * Judges one stream by its caller's observations, the gateway's audit lines and the agent's record.
 * Each fault is a sentence.
 */
export function judgeStream(seen: StreamSeen, evidence: Evidence): Verdict {
  const faults = [...seen.check.faults]
  const isUnread = mayBeUnread(seen) && evidence.audit.finalOf(seen.trace).length === 0
  const ended = isUnread ? 'unread' : endedAs(seen, evidence, faults)
  if (!isUnread) judgeAudit(seen, ended, evidence, faults)
  else if (evidence.record.wasOpened(seen.asked.stream)) {
    faults.push('found no audit line, expected one, because the agent has seen the request')
  }
  judgeRecord(seen, evidence, faults)
  const { kind, stream } = seen.asked
  return { ended, faults: faults.map((fault) => `stream ${stream} (${kind}): ${fault}`) }
}

/**
 * Tells whether it is possible that the gateway never saw the request. A reset discards data that
 * was sent but not read yet.
 */
export const mayBeUnread = ({ end, leave, status }: Pick<StreamSeen, 'end' | 'leave' | 'status'>): boolean =>
  end === 'left' && leave?.by === 'reset' && status === 0

function endedAs(seen: StreamSeen, { agentDown }: Evidence, faults: string[]): Ended {
  const { asked, status, end, check, code, isInside } = seen
  const isDown = agentDown.touch(seen)
  const wrong = (sentence: string): Ended => {
    faults.push(sentence)
    return 'wrong'
  }
  if (end === 'left') return 'left'
  if (status !== 200) {
    if (status === 502 && code === 'origin-unreachable' && isDown) return 'refused'
    return wrong(`found status ${status} (${code}), expected ${isDown ? '200 or 502 origin-unreachable' : '200'}`)
  }
  const { events, told, isWhole } = check
  const found = `${events} of ${asked.events} events and then ${told ?? (end === 'whole' ? 'a clean end' : 'a broken connection')}`
  if (isWhole && told === undefined && end === 'whole' && !isInside) return 'complete'
  if (!isDown) return wrong(`found ${found}, expected every event and a clean end`)
  if (asked.kind === 'mcp') {
    return end === 'broken' ? 'told' : wrong(`found ${found}, expected a broken connection`)
  }
  const isTold = told === 'origin-cut' && end === 'whole' && !isInside
  return isTold ? 'told' : wrong(`found ${found}, expected RUN_ERROR origin-cut and a clean end`)
}

function judgeAudit(seen: StreamSeen, ended: Ended, { audit, agentDown, record }: Evidence, faults: string[]): void {
  const { asked, trace, status } = seen
  const lines = audit.finalOf(trace)
  const [line] = lines
  if (!line || lines.length > 1) {
    faults.push(`found ${lines.length} final audit lines, expected one`)
    return
  }
  const said = line.outcome === 'forwarded' ? String(line.stream) : `${line.status} ${line.code}`
  const expected = expectedOf(seen, ended, agentDown.touch(noticed(seen)))
  if (ended !== 'wrong' && !expected.includes(said)) {
    faults.push(`found "${said}" in the audit line, expected ${expected.join(' or ')}`)
  }
  if (status !== 0 && line.status !== status) {
    faults.push(`found status ${line.status} in the audit line, expected ${status}`)
  }
  if (said === 'complete' && !record.hasFinished(asked.stream)) {
    faults.push('found "complete" in the audit line, but the agent has not written the last event')
  }
  const begun = audit.begunOf(trace)
  // If the caller left early, the stream may have begun before the caller saw it.
  const isRight = ended === 'left' ? begun <= 1 : begun === (status === 200 ? 1 : 0)
  if (!isRight) faults.push(`found ${begun} opening audit lines, expected ${status === 200 ? 1 : 0}`)
}

/**
 * Returns a stream with a later end if its caller left. The gateway notices this only at the next
 * event, and the agent may be killed before.
 */
const noticed = (seen: StreamSeen): StreamSeen =>
  seen.end === 'left' ? { ...seen, endedAt: seen.endedAt + NOTICED_MS } : seen

/** Returns the outcomes that an audit line may have for a stream with this end. */
function expectedOf({ check }: StreamSeen, ended: Ended, isDown: boolean): readonly string[] {
  // The agent may be killed between its last event and the end of its answer.
  const cut = isDown ? ['cut'] : []
  if (ended === 'complete') return ['complete', ...cut]
  if (ended === 'told') return ['cut']
  if (ended === 'refused') return ['502 origin-unreachable']
  const unreachable = isDown && check.events === 0 ? ['502 origin-unreachable'] : []
  // The gateway may have written the last event before its caller left.
  return ['client-left', '499 client-gone', 'complete', ...cut, ...unreachable]
}

/** Checks that the agent noticed the end of every stream, unless the agent was killed. */
function judgeRecord(seen: StreamSeen, { record, agentDown }: Evidence, faults: string[]): void {
  const { stream } = seen.asked
  const isOpen = record.wasOpened(stream) && !record.hasFinished(stream) && !record.hasClosed(stream)
  if (isOpen && !agentDown.touch(noticed(seen))) {
    faults.push('found the stream still open at the agent, expected that its connection is closed')
  }
}
