import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agUiPresets } from '../../src/agents/ag-ui/presets'
import type { Agent, Route } from '../../src/config/define'
import { routeOf } from '../support/fixtures'
import { beginEvents } from '../support/origin'
import { refused } from '../support/refusal'
import { agentsPart } from '../support/streams'
import { json, openWorld, type World } from '../support/world'

/** An app's own data, under names that identity has too. */
const CUSTOMERS = '[{"user_id":"c-17","plan":"gold","name":"Ann","auth_user":{"user_id":"c-17"}}]'
const PLAIN = `{"customers":${CUSTOMERS},"balance":12345678901234567890,"rate":1.10}`
const EVENTS = [
  '{"type":"RUN_STARTED","threadId":"t","runId":"r"}',
  `{"type":"STATE_SNAPSHOT","snapshot":${PLAIN}}`,
  `{"type":"STATE_DELTA","delta":[{"op":"add","path":"/customers/0/user_id","value":"c-18"}]}`,
  '{"type":"MESSAGES_SNAPSHOT","messages":[{"id":"m","role":"assistant","toolCalls":[{"id":"c","type":"function","function":{"name":"pay","arguments":"{\\"user_id\\":1}"}}]}]}',
  `{"type":"CUSTOM","name":"user_id","value":{"name":"x","role":"y","user_id":1.0}}`,
  '{"type":"RUN_FINISHED","threadId":"t","runId":"r"}',
].map((event) => `data: ${event}\n\n`)

const presets = [undefined, ...(Object.keys(agUiPresets) as (keyof typeof agUiPresets)[])]
const named = { state: { fields: { name: 'name', role: 'role', user_id: 'user_id' } } } as const

type Case = readonly [id: string, agent: (url: string) => Agent, more?: Partial<Route>]
const kinds: readonly Case[] = [
  ...presets.map(
    (preset): Case => [preset ?? 'ag-ui', (url) => ({ kind: 'ag-ui', origin: { url }, ...(preset && { preset }) })],
  ),
  ['named', (url) => ({ kind: 'ag-ui', origin: { url } }), { identity: named }],
  ['ag2', (url) => ({ kind: 'ag2', origin: { url } })],
  ['maf', (url) => ({ kind: 'maf', origin: { url } })],
  ['runtime', (url) => ({ kind: 'copilotkit', origin: { url } }), { identity: named }],
]
const sharings = ['own', 'tenant', 'shared'] as const

let world: World
beforeAll(async () => {
  world = await openWorld(({ origin, trust }) => [
    ...kinds.flatMap(([id, agent, more]) =>
      sharings.map((threads) =>
        routeOf(agent(origin.url), trust, {
          id: `${id}-${threads}`,
          path: `/${id}-${threads}`,
          threads,
          ...more,
        }),
      ),
    ),
    routeOf({ kind: 'mcp', origin: { url: origin.url } }, trust, { path: '/mcp' }),
    routeOf({ kind: 'a2a', origin: { url: origin.url } }, trust, { path: '/a2a' }),
    routeOf({ kind: 'langgraph', origin: { url: origin.url } }, trust, {
      id: 'langgraph',
      path: '/langgraph',
      threads: 'shared',
      identity: { langgraphAuthUser: true },
    }),
  ])
})
afterAll(() => world?.close())

describe('app data under identity names (invariant 17)', () => {
  it.each(kinds.flatMap(([id]) => sharings.map((threads) => [id, threads] as const)))(
    'app data under identity names passes unchanged from %s with threads set to %s',
    async (id, threads) => {
      world.origin.handle((_request, response) => {
        beginEvents(response)
        response.end(EVENTS.join(''))
      })
      const input = { threadId: 't', runId: 'r', messages: [], tools: [], context: [], state: {} }
      const below = id === 'runtime' ? '/agent/default/run' : ''
      const reply = await world.as('alice', `/${id}-${threads}${below}`, json(input))
      expect(await reply.text()).toBe(EVENTS.join(''))
    },
  )

  it('LangGraph data under identity names passes unchanged where threads are shared', async () => {
    const answer = `{"values":${PLAIN},"metadata":{"user_id":"mine","n":1.0}}`
    world.origin.handle((_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(answer)
    })
    const reply = await world.as('alice', '/langgraph/threads/t/state')
    expect([reply.status, await reply.text()]).toEqual([200, answer])
  })
})

describe('numbers that a caller sends', () => {
  const NUMBERS =
    '"n":[12345678901234567890,18446744073709551615,1.10,1.0,42.0,1e400,-0.0,-0,1E2,0.30000000000000004,7]'
  const run = `{"threadId":"t","runId":"r","messages":[],"tools":[],"context":[],"state":{${NUMBERS}},"forwardedProps":{}}`
  const message = `"message":{"messageId":"m","role":"user","parts":[{"data":{${NUMBERS}}}]}`
  const call = (method: string, params: string) =>
    `{"jsonrpc":"2.0","id":9007199254740993,"method":"${method}","params":{${params}}}`

  it.each([
    ['AG-UI', '/ag-ui-own', run],
    ['AG2', '/ag2-own', run],
    ['Agent Framework', '/maf-own', run],
    ['CopilotKit', '/runtime-own/agent/default/run', run],
    ['LangGraph', '/langgraph/runs/wait', `{"assistant_id":"a","input":{${NUMBERS}}}`],
    ['MCP', '/mcp', call('tools/call', `"name":"pay","arguments":{${NUMBERS}}`)],
    ['A2A', '/a2a', call('SendMessage', message)],
  ])('an agent of kind %s receives numbers exactly as written', async (_kind, path, body) => {
    world.origin.handle((_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end('{}')
    })
    const reply = await world.as('alice', path, json(body))
    expect(reply.status).toBe(200)
    const received = world.origin.last().body
    expect(received).toContain(NUMBERS)
    if (body.includes('9007199254740993')) expect(received).toContain('"id":9007199254740993')
  })

  it('a LangGraph request with a number in 62 nested arrays, or with a number as command method, gets 200', async () => {
    world.origin.handle((_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end('{}')
    })
    const nested = `${'['.repeat(62)}1.0${']'.repeat(62)}`
    const deep = await world.as('alice', '/langgraph/runs/wait', json(`{"assistant_id":"a","input":${nested}}`))
    expect(deep.status).toBe(200)
    const path = '/langgraph/threads/0b8d7a4e-1111-4222-8333-444455556666/commands'
    expect((await world.as('alice', path, json('{"method":1.0,"params":{}}'))).status).toBe(200)
  })

  it('a run with a number as its state gets 400, and an MCP error repeats a large id exactly', async () => {
    const state = await world.as('alice', '/named-own', json('{"threadId":"t","runId":"r","messages":[],"state":1.0}'))
    expect(await refused(state)).toEqual({ status: 400, code: 'body-invalid' })
    const unknown = await world.as('alice', '/mcp', json(call('custom/thing', '')))
    expect(await unknown.text()).toContain('"id":9007199254740993,')
  })
})

describe('identity that the gateway put into a run', () => {
  const snapshot = '{"auth_user":{"user_id":"alice"},"n":1.0}'
  const event = (state: string) => `data: {"type":"STATE_SNAPSHOT","snapshot":${state}}\n\n`

  it.each([
    ['own', snapshot],
    ['tenant', '{"n":1.0}'],
    ['shared', '{"n":1.0}'],
  ])(
    'identity that the gateway set in a run is in answers only if threads belong to one person: %s',
    async (threads, state) => {
      world.origin.handle((_request, response) => {
        beginEvents(response)
        response.end(event(snapshot))
      })
      const reply = await world.as('alice', `/maf-${threads}`, json({ threadId: 't', runId: 'r', messages: [] }))
      expect(agentsPart(Buffer.from(await reply.text())).toString()).toBe(event(state))
    },
  )

  it('user_id and _ag_ui_user_id are removed from ADK snapshots in tenant threads', async () => {
    world.origin.handle((_request, response) => {
      beginEvents(response)
      response.end(event('{"_ag_ui_user_id":"alice","user_id":"alice","n":1.0}'))
    })
    const reply = await world.as('alice', '/adk-tenant', json({ threadId: 't', runId: 'r', messages: [] }))
    expect(agentsPart(Buffer.from(await reply.text())).toString()).toBe(event('{"n":1.0}'))
  })

  it('identity is removed from state and snapshots of CopilotKit tenant threads', async () => {
    world.origin.handle((request, response) => {
      response.setHeader('content-type', 'application/json')
      const state = '{"name":"Alice","role":"admin","user_id":"alice","n":1.0}'
      response.end(
        request.url?.endsWith('/state')
          ? `{"state":${state}}`
          : `{"events":[{"type":"STATE_SNAPSHOT","snapshot":${state}},{"type":"CUSTOM","value":${state}}]}`,
      )
    })
    const state = await world.as('alice', '/runtime-tenant/threads/t/state')
    expect(await state.text()).toBe('{"state":{"n":1.0}}')
    const events = await world.as('alice', '/runtime-tenant/threads/t/events')
    expect(await events.text()).toBe(
      '{"events":[{"type":"STATE_SNAPSHOT","snapshot":{"n":1.0}},{"type":"CUSTOM","value":{"name":"Alice","role":"admin","user_id":"alice","n":1.0}}]}',
    )
  })
})
