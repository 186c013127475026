import type { AuditTally } from './audit-tally.ts'
import type { Outages } from './outages.ts'
import type { ShortSeen, Sort } from './short-requests.ts'

/**
 * How long an outage of a key server may have effects. After a failed fetch the gateway fetches the
 * keys again within 15 seconds. The fetch itself takes up to 3.
 */
const KEYS_FELT_MS = 20_000

/** The status and the code in an audit line. */
const KEYS = '503 keys-unavailable'
const REFUSED: Partial<Record<Sort, readonly string[]>> = {
  'forged signature': ['401 token-invalid'],
  'no token': ['401 token-missing'],
  'unknown route': ['404 route-unknown'],
}

export interface ShortEvidence {
  readonly audit: Pick<AuditTally, 'finalOf'>
  readonly agentDown: Pick<Outages, 'touch'>
  readonly keysDown: Pick<Outages, 'touch'>
}

/** Judges one short request by its answer and its audit line. */
export function judgeShort(seen: ShortSeen, evidence: ShortEvidence): string[] {
  const { sort, status, trace } = seen
  const lines = evidence.audit.finalOf(trace)
  const [line] = lines
  if (!line || lines.length > 1) return [`${sort}: found ${lines.length} final audit lines, expected one`]
  const faults: string[] = []
  if (line.status !== status)
    faults.push(`${sort}: found status ${status}, expected ${line.status} as in the audit line`)
  const said = line.code === undefined ? String(line.status) : `${line.status} ${line.code}`
  const expected = expectedOf(seen, evidence)
  if (!expected.includes(said)) faults.push(`${sort}: found ${said}, expected ${expected.join(' or ')}`)
  if (line.outcome === 'forwarded' && line.stream !== 'complete') {
    faults.push(`${sort}: found "${line.stream}" in the audit line, expected "complete"`)
  }
  return faults
}

function expectedOf(seen: ShortSeen, { agentDown, keysDown }: ShortEvidence): readonly string[] {
  const { sort } = seen
  const refused = REFUSED[sort]
  if (refused) return refused
  // The gateway looks up an unknown key id only a few times a minute. At other times it cannot tell
  // whether the key exists.
  if (sort === 'key of nobody') return ['401 token-invalid', KEYS]
  const passed = ['200', ...(agentDown.touch(seen) ? ['502 origin-unreachable'] : [])]
  if (sort === 'key of the next set' || sort === 'newest published key') return [...passed, KEYS]
  if (sort === 'provider not seen yet' && keysDown.touch(seen, KEYS_FELT_MS)) return [...passed, KEYS]
  return passed
}
