import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Agent } from '../../src/config/define'
import { routeOf } from '../support/fixtures'
import { type RecordingOrigin, startOrigin } from '../support/origin'
import { runBody } from '../support/streams'
import { json, openWorld, type World } from '../support/world'
import { type Headers, isDerived } from './caller-view'

const run = JSON.parse(runBody['ag-ui'])
const call = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
const message = { messageId: 'm1', role: 'ROLE_USER', parts: [{ text: 'hello' }] }
type Case = [name: string, agent: Omit<Agent, 'origin' | 'endpoints'>, path: string, body: unknown]
const cases: readonly Case[] = [
  ['langgraph', { kind: 'langgraph' }, '/runs/stream', { assistant_id: 'agent' }],
  ['ag2', { kind: 'ag2' }, '', run],
  ['maf', { kind: 'maf' }, '', run],
  ['ag-ui', { kind: 'ag-ui' }, '', run],
  ['copilotkit', { kind: 'copilotkit' }, '/agent/default/run', run],
  [
    'single-route',
    { kind: 'copilotkit', style: 'single-route' } as Case[1],
    '',
    { method: 'agent/run', params: { agentId: 'default' }, body: run },
  ],
  ['mcp', { kind: 'mcp' }, '', call],
  ['a2a', { kind: 'a2a' }, '', { jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message } }],
]
const AG_UI = new Set(['ag2', 'maf', 'ag-ui'])

let origin: RecordingOrigin
let world: World

beforeAll(async () => {
  origin = await startOrigin((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end('data: {}\n\n')
  })
  world = await openWorld(
    ({ trust }) =>
      cases.flatMap(([name, agent]) =>
        (['own', 'shared'] as const).map((threads) =>
          routeOf({ ...agent, origin: { url: origin.url } } as Agent, trust, {
            id: `${name}-${threads}`,
            path: `/agents/${name}-${threads}`,
            threads,
          }),
        ),
      ),
    { away: true },
  )
})
afterAll(async () => {
  await world?.close()
  await origin?.close()
})
beforeEach(() => {
  origin.received.length = 0
})

describe.each(cases)('headers that refer to stored data: %s', (name, _agent, path, body) => {
  async function arrived(headers: Headers, person: Headers = world.alice, threads = 'own') {
    const reply = await world.gateway.fetch(`/agents/${name}-${threads}${path}`, json(body, { ...person, ...headers }))
    await reply.text()
    expect(reply.status).toBe(200)
    return origin.last().headers
  }
  const key = async (given: string, person?: Headers) =>
    (await arrived({ 'idempotency-key': given }, person))['idempotency-key']

  it('the agent receives a different idempotency key for each owner, and always the same key for the same owner (X6)', async () => {
    const keys: unknown[] = []
    for (const person of [world.alice, world.bob, world.namesake]) keys.push(await key('k1', person))
    expect(keys.every(isDerived)).toBe(true)
    expect(new Set(keys).size).toBe(3)
    expect(await key('k1')).toBe(keys[0])
    expect(await key('k2')).not.toBe(keys[0])
    expect(await key(String(keys[0]), world.bob)).not.toBe(keys[0])
    expect(await key('"k1"')).toMatch(/^"[0-9a-f-]{36}"$/)
  })

  it('Last-Event-ID is forwarded only if the stream is known to belong to the caller (X6)', async () => {
    const expected = name === 'langgraph' ? '7' : undefined
    expect((await arrived({ 'last-event-id': '7' }))['last-event-id']).toBe(expected)
  })

  it('with shared threads Last-Event-ID is forwarded, and the idempotency key differs by person', async () => {
    const headers = { 'last-event-id': '7', 'idempotency-key': 'k1' }
    const [alice, bob] = [await arrived(headers, world.alice, 'shared'), await arrived(headers, world.bob, 'shared')]
    expect(alice['last-event-id']).toBe('7')
    expect([alice, bob].map((each) => isDerived(each['idempotency-key']))).toEqual([true, true])
    expect(alice['idempotency-key']).not.toBe(bob['idempotency-key'])
  })

  it.each(['application/vnd.ag-ui.event+proto', '*/*', 'text/event-stream'])(
    'the header Accept: %s becomes text/event-stream for AG-UI agents with owned threads, and otherwise stays unchanged',
    async (accept) => {
      expect((await arrived({ accept })).accept).toBe(AG_UI.has(name) ? 'text/event-stream' : accept)
      expect((await arrived({ accept }, world.alice, 'shared')).accept).toBe(accept)
    },
  )
})
