import { beforeAll, describe, expect, it } from 'vitest'
import { type RigSeen, runRig } from '../../bench/rig/rig'

let seen: RigSeen

const ended = (name: keyof RigSeen['streams']['ended']) => seen.streams.ended[name] ?? 0

describe.runIf(process.platform === 'linux')('the gateway under load while agent and key server are killed', () => {
  beforeAll(async () => {
    seen = await runRig({ seed: 4, seconds: 6, streams: 120, people: [40], memory: undefined })
  }, 120_000)

  it('the gateway under load breaks no rule of the load test', () => {
    expect(seen.broken.first).toEqual([])
    expect(seen.broken.count).toBe(0)
  })

  it('the gateway handles 120 streams at once and more than 2000 events', () => {
    expect(seen.streams.most).toBe(120)
    expect(seen.streams.events).toBeGreaterThan(2000)
    expect(ended('ag-ui complete')).toBeGreaterThan(0)
    expect(ended('mcp complete')).toBeGreaterThan(0)
  })

  it('the gateway tells callers that their AG-UI and MCP streams broke when the agent is killed (F8)', () => {
    expect(seen.kills.agent).toBe(1)
    expect(ended('ag-ui told')).toBeGreaterThan(0)
    expect(ended('mcp told')).toBeGreaterThan(0)
  })

  it('the gateway reports that keys cannot be fetched while the key server is down', () => {
    expect(seen.kills.keys).toBe(1)
    expect(seen.keysMissing).toBeGreaterThan(0)
  })

  it('the gateway under load writes one final audit line for each request (invariant 16)', () => {
    expect(seen.audit.finals).toBe(seen.audit.requests)
    expect(seen.audit.requests).toBeGreaterThan(500)
  })

  it('the gateway under load gives no person the data of another person (invariant 10)', () => {
    expect(seen.people).toMatchObject([{ people: 40, replies: 120, faults: [] }])
  })
})
