import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routeOf } from '../support/fixtures'
import { refused } from '../support/refusal'
import { json, openWorld, type World } from '../support/world'

let world: World
const UUID_V8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => [
    routeOf({ kind: 'ag-ui', origin: { url } }, [issuer], { path: '/ag-ui' }),
    routeOf({ kind: 'ag-ui', preset: 'mastra', origin: { url } }, [issuer], { id: 'mastra', path: '/mastra' }),
    routeOf({ kind: 'copilotkit', origin: { url } }, [issuer], { id: 'multi', path: '/multi' }),
    routeOf({ kind: 'copilotkit', style: 'single-route', origin: { url } }, [issuer], {
      id: 'single',
      path: '/single',
    }),
    routeOf({ kind: 'a2a', origin: { url } }, [issuer], { path: '/a2a' }),
    routeOf({ kind: 'langgraph', origin: { url } }, [issuer], { path: '/langgraph' }),
  ])
})
afterAll(() => world?.close())

const base = { threadId: 't', messages: [], tools: [], context: [] }
/** The request of a run as the agent gets it. */
async function told(who: 'alice' | 'bob', path: string, input: object) {
  const reply = await world.as(who, path, json({ ...base, ...input }))
  expect(reply.status).toBe(200)
  await reply.text()
  return JSON.parse(world.origin.last().body)
}

describe('runs resumed after an interrupt (X6)', () => {
  it('the agent receives a run id from the gateway even if the caller gives no run id', async () => {
    for (const input of [{}, { runId: null }, { run_id: null }])
      expect((await told('alice', '/ag-ui', input)).runId).toMatch(UUID_V8)
  })

  it.each([
    ['an object', (event: object) => event],
    ['a text', (event: object) => JSON.stringify(event)],
  ])('only the owner of a run can resume it by an interrupt event that is %s', async (_what, written) => {
    const { runId } = await told('alice', '/ag-ui', { runId: 'r1' })
    const found = async (who: 'alice' | 'bob', run: string) => {
      const command = { resume: { approved: true }, interruptEvent: written({ runId: run, toolCallId: 'call-1' }) }
      const { interruptEvent } = (await told(who, '/ag-ui', { runId: 'r2', forwardedProps: { command } }))
        .forwardedProps.command
      return typeof interruptEvent === 'string' ? JSON.parse(interruptEvent) : interruptEvent
    }
    expect(await found('alice', 'r1')).toEqual({ runId, toolCallId: 'call-1' })
    for (const run of ['r1', runId]) expect((await found('bob', run)).runId).not.toBe(runId)
  })

  it('only the owner of a run can resume it by an interrupt id of Mastra', async () => {
    const { runId } = await told('alice', '/mastra', { runId: 'r1' })
    const found = async (who: 'alice' | 'bob', interruptId: string) =>
      (await told(who, '/mastra', { runId: 'r2', resume: [{ interruptId, status: 'resolved' }] })).resume[0].interruptId
    expect(await found('alice', 'r1::call-1')).toBe(`${runId}::call-1`)
    for (const id of ['r1::call-1', `${runId}::call-1`, runId]) expect(await found('bob', id)).not.toContain(runId)
  })

  const throughRuntime = {
    multi: (who: 'alice' | 'bob', input: object) => told(who, '/multi/agent/chat/run', input),
    single: async (who: 'alice' | 'bob', input: object) => {
      const body = { ...base, ...input }
      const reply = await world.as(who, '/single', json({ method: 'agent/run', params: { agentId: 'chat' }, body }))
      expect(reply.status).toBe(200)
      return JSON.parse(world.origin.last().body).body
    },
  }
  it.each(['multi', 'single'] as const)(
    'only the owner of a run can resume it by an interrupt id of Mastra in a CopilotKit runtime (%s)',
    async (style) => {
      const ask = throughRuntime[style]
      const { runId } = await ask('alice', { runId: 'r1' })
      const found = async (who: 'alice' | 'bob', interruptId: string) =>
        (await ask(who, { runId: 'r2', resume: [{ interruptId, status: 'resolved' }] })).resume[0].interruptId
      expect(await found('alice', 'r1::call-1')).toBe(`${runId}::call-1`)
      for (const id of ['r1::call-1', `${runId}::call-1`]) expect(await found('bob', id)).not.toContain(runId)
      // Other agents' ids of interrupts, and whatever has no run in it, are left as they are.
      for (const id of ['5f2c', 'call-1', '::call-1', 'a:b']) expect(await found('alice', id)).toBe(id)
      const spelt = { interruptId: 'r1::c', interrupt_id: 'r1::c' }
      const path = style === 'multi' ? '/multi/agent/chat/run' : '/single'
      const input = { ...base, runId: 'r2', resume: [spelt] }
      const body = style === 'multi' ? input : { method: 'agent/run', params: { agentId: 'chat' }, body: input }
      expect((await world.as('bob', path, json(body))).status).toBe(400)
    },
  )

  it('an id in forwardedProps.resume is removed, so that a caller cannot choose a session of the agent', async () => {
    const id = '11111111-2222-4333-8444-555555555555'
    for (const resume of [id, 7, [id], [[id]], [{ interruptId: 'i' }, id]])
      expect((await told('alice', '/ag-ui', { forwardedProps: { resume } })).forwardedProps).toEqual({})
    for (const resume of [{ interruptId: 'i' }, [{ interruptId: 'i' }]])
      expect((await told('alice', '/ag-ui', { forwardedProps: { resume } })).forwardedProps).toEqual({ resume })
  })
})

it('an A2A request with a JSON-RPC result or error in it is refused with body-invalid (X6)', async () => {
  const id = '0a0a0a0a-1111-4222-8333-444444444444'
  const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'Hello' }] }
  for (const more of [{ result: { task: { id } } }, { error: { data: { id } } }]) {
    const body = { jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message }, ...more }
    expect(await refused(await world.as('alice', '/a2a', json(body)))).toEqual({ status: 200, code: 'body-invalid' })
  }
})

it('the gateway seals each run id in an answer with 2000 runs, and keeps the order of the runs', async () => {
  const runs = Array.from({ length: 2_000 }, () => ({ run_id: crypto.randomUUID(), thread_id: crypto.randomUUID() }))
  world.origin.handle((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(runs))
  })
  const reply = await world.as('alice', '/langgraph/runs/batch', json(runs.map(() => ({ assistant_id: 'agent' }))))
  const answered = (await reply.json()) as { run_id: string; thread_id: string }[]
  expect(answered.map(({ run_id }) => run_id.split('.')[0])).toEqual(runs.map(({ run_id }) => run_id))
  expect(answered.every(({ run_id }) => run_id.length === 36 + 44)).toBe(true)
  expect(answered.map(({ thread_id }) => thread_id)).toEqual(runs.map(({ thread_id }) => thread_id))
})
