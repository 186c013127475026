import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { routeOf } from '../../support/fixtures'
import { type RecordingOrigin, startOrigin } from '../../support/origin'
import { refused } from '../../support/refusal'
import { openWorld, type World } from '../../support/world'

let origin: RecordingOrigin
let world: World

beforeAll(async () => {
  origin = await startOrigin()
  world = await openWorld(({ trust }) =>
    (['multi-route', 'single-route'] as const).map((style) =>
      routeOf({ kind: 'copilotkit', style, origin: { url: origin.url } }, trust, {
        id: style,
        path: `/agents/${style}`,
      }),
    ),
  )
})
afterAll(async () => {
  await world?.close()
  await origin?.close()
})
beforeEach(() => {
  origin.received.length = 0
})

const send = (method: string, path: string, body: unknown) =>
  world.gateway.fetch(`/agents/${path}`, {
    method,
    headers: { ...world.alice, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const resource = { path: '/threads/t1', httpMethod: 'PATCH' }

/** Where an id can stand that is not of AG-UI's input. */
const places: readonly [string, (ids: object) => Promise<Response>][] = [
  ['the body of a PATCH', (ids) => send('PATCH', 'multi-route/threads/t1', ids)],
  ['the body of a DELETE', (ids) => send('DELETE', 'multi-route/threads/t1', ids)],
  ['the body of a stop', (ids) => send('POST', 'multi-route/agent/default/stop/t1', ids)],
  [
    'the body in an envelope',
    (ids) => send('POST', 'single-route', { method: 'resource/request', params: resource, body: ids }),
  ],
  [
    'the parameters of an envelope',
    (ids) => send('POST', 'single-route', { method: 'resource/request', params: { ...resource, ...ids } }),
  ],
  [
    'the parameters of a stop in an envelope',
    (ids) => send('POST', 'single-route', { method: 'agent/stop', params: { agentId: 'default', ...ids } }),
  ],
]

describe.each(places)('ids of CopilotKit in %s', (_place, ask) => {
  it.each([
    { threadId: 't1', thread_id: 't2' },
    { threadId: 't1', THREADID: 't2' },
    { ThreadId: 't1' },
    { 'thread-id': 't1' },
    { runId: 'r1', run_id: 'r2' },
  ])('a thread or run id in an unknown spelling, or in two spellings, is refused: %j (X6)', async (ids) => {
    expect(await refused(await ask(ids))).toEqual({ status: 400, code: 'body-invalid' })
    expect(origin.received).toEqual([])
  })

  it.each([{ threadId: 't1', runId: 'r1' }, { thread_id: 't1' }])(
    'a thread or run id in a known spelling is accepted and replaced: %j',
    async (ids) => {
      expect((await ask(ids)).status).toBe(200)
      expect(origin.last().body).not.toMatch(/"[tr]1"/)
    },
  )

  it('a request with sixty thousand spellings of the thread id is refused with 400 (X6)', async () => {
    const separators = ['', '-', '_', '.']
    const spelt = (n: number) => [...'threadid'].map((letter, at) => letter + separators[(n >> (2 * at)) & 3]).join('')
    const ids = Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [spelt(n), 't']))
    expect(await refused(await ask(ids))).toEqual({ status: 400, code: 'body-invalid' })
  })
})

it('the path in an envelope keeps its query when the gateway replaces the thread id', async () => {
  const params = { path: '/threads/t1/messages?agentId=a&limit=2?', httpMethod: 'GET' }
  expect((await send('POST', 'single-route', { method: 'resource/request', params })).status).toBe(200)
  const sent = JSON.parse(origin.last().body) as { params: { path: string } }
  expect(sent.params.path).toMatch(/^\/threads\/[0-9a-f-]{36}\/messages\?agentId=a&limit=2\?$/)
})
