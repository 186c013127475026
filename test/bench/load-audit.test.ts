import { describe, expect, it } from 'vitest'
import { AuditTally } from '../../bench/rig/audit-tally'
import { judgeShort } from '../../bench/rig/judge-short'
import { judgeStream } from '../../bench/rig/judge-stream'
import { Outages } from '../../bench/rig/outages'
import type { Sort } from '../../bench/rig/short-requests'
import type { StreamSeen } from '../../bench/rig/stream-call'
import { StreamRecord } from '../../bench/rig/stream-record'
import { traceId } from '../../bench/rig/trace-number'

const line = (trace: number, fields: object = {}) =>
  JSON.stringify({ v: 2, trace: traceId(trace), outcome: 'forwarded', status: 200, stream: 'complete', ...fields })
const begun = line(1, { outcome: 'begun' })
const cut = { stream: 'cut' }
const refused = (status: number, code: string) => line(1, { outcome: 'refused', status, code, stream: undefined })

function tallyOf(lines: readonly string[]): AuditTally {
  const tally = new AuditTally()
  for (const each of lines) tally.add(each)
  return tally
}

/** A server that was down from 100 to 200, where requests last from 50 to 150; or never. */
function outages(isDown: boolean): Outages {
  const down = new Outages()
  if (isDown) {
    down.begin(100)
    down.end(200)
  }
  return down
}

interface Case {
  readonly kind?: 'ag-ui' | 'mcp'
  readonly lines?: readonly string[]
  readonly seen?: Partial<StreamSeen>
  readonly check?: Partial<StreamSeen['check']>
  readonly record?: string
  readonly isDown?: boolean
}

function verdict({ kind = 'ag-ui', lines, seen, check, record, isDown = false }: Case) {
  return judgeStream(
    {
      asked: { kind, stream: 7, events: 10, person: 'user-1' },
      trace: 1,
      sentAt: 50,
      endedAt: 150,
      status: 200,
      end: 'whole',
      leave: undefined,
      code: undefined,
      isInside: false,
      check: { faults: [], events: 10, told: undefined, isWhole: true, ...check },
      ...seen,
    },
    {
      audit: tallyOf(lines ?? [begun, line(1)]),
      agentDown: outages(isDown),
      record: new StreamRecord(record ?? 'opened 7\nfinished 7\n'),
    },
  )
}

const half = { events: 4, isWhole: false }
const dead = 'opened 7\n'

describe('correct streams of the load test', () => {
  it.each<[string, string, Case]>([
    ['complete', 'complete', {}],
    [
      'cut by a kill of the agent and ends with RUN_ERROR',
      'told',
      { isDown: true, lines: [begun, line(1, cut)], check: { ...half, told: 'origin-cut' }, record: dead },
    ],
    [
      'cut by a kill of the agent and breaks the connection',
      'told',
      { kind: 'mcp', isDown: true, lines: [begun, line(1, cut)], check: half, seen: { end: 'broken' }, record: dead },
    ],
    [
      'left by the caller',
      'left',
      {
        lines: [begun, line(1, { stream: 'client-left' })],
        check: half,
        seen: { end: 'left' },
        record: 'opened 7\nclosed 7',
      },
    ],
    [
      'refused while the agent is down',
      'refused',
      {
        isDown: true,
        lines: [refused(502, 'origin-unreachable')],
        seen: { status: 502, code: 'origin-unreachable' },
        check: { events: 0, isWhole: false },
        record: '',
      },
    ],
    [
      'reset by the caller before any event was read',
      'unread',
      {
        lines: [],
        seen: { status: 0, end: 'left', leave: { by: 'reset', afterEvents: 0 } },
        check: { events: 0, isWhole: false },
        record: '',
      },
    ],
  ])('the load test finds no fault in a stream that is %s', (_what, ended, given) => {
    expect(verdict(given)).toEqual({ ended, faults: [] })
  })
})

describe('faulty streams of the load test', () => {
  it.each<[string, Case, string]>([
    ['lacks events and has a clean end', { check: half }, 'found 4 of 10 events and then a clean end, expected every'],
    [
      'was cut by a kill of the agent and has a clean end (MCP)',
      { kind: 'mcp', isDown: true, lines: [begun, line(1, cut)], check: half, record: dead },
      'found 4 of 10 events and then a clean end, expected a broken connection',
    ],
    [
      'was cut by a kill of the agent and ends without RUN_ERROR (AG-UI)',
      { isDown: true, lines: [begun, line(1, cut)], check: half, seen: { end: 'broken' }, record: dead },
      'expected RUN_ERROR origin-cut and a clean end',
    ],
    ['breaks without a kill', { check: half, seen: { end: 'broken' } }, 'and then a broken connection, expected every'],
    [
      'was refused without a kill of the agent',
      {
        lines: [refused(502, 'origin-unreachable')],
        seen: { status: 502, code: 'origin-unreachable' },
        check: { events: 0, isWhole: false },
      },
      'found status 502 (origin-unreachable), expected 200',
    ],
    ['has no final audit line', { lines: [begun] }, 'found 0 final audit lines, expected one'],
    ['has two final audit lines', { lines: [begun, line(1), line(1)] }, 'found 2 final audit lines, expected one'],
    ['has no opening audit line', { lines: [line(1)] }, 'found 0 opening audit lines, expected 1'],
    ['is "cut" in the audit line only', { lines: [begun, line(1, cut)] }, 'found "cut" in the audit line, expected'],
    ['has a wrong audit line status', { lines: [begun, line(1, { status: 201 })] }, 'found status 201 in the audit'],
    ['is complete in the log only', { record: 'opened 7\nclosed 7' }, 'but the agent has not written the last event'],
    [
      'continues at the agent after the caller has left',
      { lines: [begun, line(1, { stream: 'client-left' })], check: half, seen: { end: 'left' }, record: dead },
      'found the stream still open at the agent',
    ],
    [
      'was seen by the agent and has no audit line',
      { lines: [], seen: { status: 0, end: 'left', leave: { by: 'reset', afterEvents: 0 } }, check: half },
      'found no audit line, expected one, because the agent has seen the request',
    ],
    ['has a fault in an event', { check: { faults: ['found event 3'] } }, 'stream 7 (ag-ui): found event 3'],
  ])('the load test reports a stream that %s', (_what, given, sentence) => {
    expect(verdict(given).faults.join('\n')).toContain(sentence)
  })
})

describe('short requests of the load test', () => {
  const judged = (sort: Sort, status: number, said: string, isDown: boolean) =>
    judgeShort(
      { trace: 1, sort, sentAt: 50, endedAt: 150, status },
      { audit: tallyOf([said]), agentDown: outages(false), keysDown: outages(isDown) },
    )
  const unavailable = refused(503, 'keys-unavailable')
  const invalid = refused(401, 'token-invalid')

  it('the load test accepts 503 for a token with an unknown key while keys cannot be fetched', () => {
    expect(judged('provider not seen yet', 503, unavailable, true)).toEqual([])
    expect(judged('key of the next set', 503, unavailable, true)).toEqual([])
    expect(judged('known token', 200, line(1), true)).toEqual([])
  })

  it.each<[string, Sort, number, string, boolean]>([
    ['a valid token gets 401 while keys cannot be fetched', 'key of the next set', 401, invalid, true],
    ['a token of a new issuer gets 401 while its keys cannot be fetched', 'provider not seen yet', 401, invalid, true],
    ['a token with a known key gets 503', 'known token', 503, unavailable, true],
    ['a token of a new issuer gets 503 while the key server is up', 'provider not seen yet', 503, unavailable, false],
    ['a forged token passes', 'forged signature', 200, line(1), false],
    ['a request without a token passes', 'no token', 200, line(1), false],
    ['the reply and the audit line differ', 'known token', 0, line(1), false],
  ])('the load test reports a fault if %s', (_what, sort, status, said, isDown) => {
    expect(judged(sort, status, said, isDown)).not.toEqual([])
  })
})

describe('counts of audit lines', () => {
  it('the count of final audit lines leaves out opening lines and other events', () => {
    const tally = tallyOf([begun, line(1), line(2), '{"event":"keys-unreachable"}', ''])
    expect(tally).toMatchObject({ finals: 2, begun: 1, faults: [] })
    expect(tally.events.get('keys-unreachable')).toBe(1)
    expect(tally.strangers(2)).toEqual([])
  })

  it('the load test reports an audit line of a request that it has not sent', () => {
    expect(tallyOf([line(3)]).strangers(2)).toEqual([3])
    expect(tallyOf([JSON.stringify({ v: 2, trace: 'f'.repeat(32), path: '/x' })]).faults.join()).toContain('not sent')
  })

  it.each([
    ['is larger than 8 KiB', line(1, { path: 'x'.repeat(8192) }), 'expected at most 8192'],
    ['is not JSON', 'Error: something', 'found a line that is not JSON'],
    ['is of another version', line(1, { v: 1 }), 'found an audit line of version 1, expected 2'],
  ])('the load test reports an audit line that %s', (_what, wrong, sentence) => {
    expect(tallyOf([wrong]).faults.join()).toContain(sentence)
  })
})
