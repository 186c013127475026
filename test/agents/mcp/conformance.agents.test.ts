import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routeOf } from '../../support/fixtures'
import { freePort } from '../../support/port'
import { openWorld, type World } from '../../support/world'
import { type Conformance, type Difference, differencesOf, runConformance } from './conformance'
import { startConformanceServer } from './servers'
import { startTokenForwarder } from './token-forwarder'

let world: World
let server: string
let through: string
const closing: { close(): Promise<void> }[] = []

beforeAll(async () => {
  const python = await startConformanceServer()
  closing.push(python)
  server = `${python.url}/`
  const port = await freePort()
  world = await openWorld(
    ({ trust }) => {
      const agent = { kind: 'mcp', origin: { url: python.url } } as const
      return [
        routeOf(agent, trust),
        // The server's only store holds the events of one person here.
        routeOf({ ...agent, eventStore: 'per-session' }, trust, { id: 'resumed', path: '/agents/resumed' }),
      ]
    },
    { vars: { PUBLIC_URL: `http://127.0.0.1:${port}` } },
  )
  closing.push(world)
  const forwarder = await startTokenForwarder(port, world.gateway.url, world.alice)
  closing.push(forwarder)
  through = forwarder.url
}, 300_000)
afterAll(async () => {
  for (const each of closing.reverse()) await each.close()
})

/**
 * Without `eventStore`, the gateway passes on no `Last-Event-ID`: the server takes the request for
 * a second listener.
 */
const NOT_RESUMED: Difference = {
  scenario: 'server-sse-polling',
  direct: ['server-sse-disconnect-resume SUCCESS'],
  gateway: ['server-sse-disconnect-resume WARNING Server did not accept reconnection with Last-Event-ID (HTTP 409)'],
}

describe.each([
  { revision: '2025-11-25', scenarios: 33, notResumed: [NOT_RESUMED] },
  { revision: '2026-07-28', scenarios: 50, notResumed: [] },
])('the conformance suite of MCP, revision $revision', ({ revision, scenarios, notResumed }) => {
  let direct: Conformance

  beforeAll(async () => {
    direct = await runConformance(server, revision)
  }, 150_000)

  it('the MCP server without the gateway passes all required conformance scenarios', () => {
    expect(Object.keys(direct.scenarios)).toHaveLength(scenarios)
    expect(direct.exitCode).toBe(0)
  })

  it.each([
    { route: 'mcp', expected: notResumed },
    { route: 'resumed', expected: [] },
  ])(
    'the conformance suite has the same results through the route "$route", except for the listed differences',
    async ({ route, expected }) => {
      const before = world.gateway.audit.length
      const gateway = await runConformance(`${through}/agents/${route}`, revision)
      expect(differencesOf(direct, gateway)).toEqual(expected)
      expect(gateway.exitCode).toBe(0)
      const asAlice = world.gateway.audit.slice(before).filter(({ who }) => who?.subject === 'alice')
      expect(asAlice.length).toBeGreaterThan(scenarios)
    },
    150_000,
  )
})
