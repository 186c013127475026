import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { adapterOf, kinds } from '../../src/agents/kinds'
import type { Agent, Policy, Route } from '../../src/config/define'
import { askedOf } from '../../src/testing/asked'
import { policyWithExamples, routeOf } from '../support/fixtures'
import { json, openWorld, type World } from '../support/world'

/* The operations that a policy's example finds for a request are those that the gateway finds. */

/** Denies every operation, so that no request needs an agent. */
const closed: Policy = policyWithExamples({
  id: 'closed',
  allow: [{ name: 'no one', operations: ['*'], when: { role: 'no-one-has-it' } }],
})
const origin = { url: 'http://127.0.0.1:9' }
/** An agent of every kind except `http`, whose endpoints are those of each route. */
const agents = Object.keys(kinds)
  .filter((kind) => kind !== 'http')
  .map((kind) => ({ kind, origin }) as Agent)
const rpc = (method: string, params: object = {}) => ({ jsonrpc: '2.0', id: 1, method, params })
const bodies: readonly unknown[] = [
  {},
  { assistant_id: 'agent', input: {} },
  { assistant_id: 'agent', if_not_exists: 'create', input: {} },
  { threadId: 't', runId: 'r', messages: [], tools: [], context: [], state: {} },
  { method: 'agent/run', params: { agentId: 'a' }, body: { threadId: 't', runId: 'r', messages: [], state: {} } },
  rpc('tools/call', { name: 'search', arguments: {} }),
  rpc('tools/list'),
  rpc('message/send', { message: { messageId: 'm', role: 'user', parts: [] } }),
  rpc('no/such/method'),
  [],
]

let world: World
let routes: readonly Route[]

beforeAll(async () => {
  world = await openWorld(({ trust }) => {
    routes = agents.map((agent) => routeOf(agent, trust, { policies: [closed] }))
    return routes
  })
})
afterAll(() => world?.close())

const request = fc.constantFrom(...agents).chain((agent) => {
  const endpoint = fc.constantFrom(...adapterOf(agent).endpoints)
  const id = fc.constantFrom('11111111-1111-4111-8111-111111111111', 'a-1', 'x')
  return fc.record({
    kind: fc.constant(agent.kind),
    method: fc.oneof({ weight: 5, arbitrary: endpoint.map((each) => each.method) }, fc.constantFrom('GET', 'POST')),
    path: fc.tuple(endpoint, id).map(([{ path }, value]) => path.replace(/:[a-z]+/gi, value).replace('*', 'below')),
    body: fc.constantFrom(...bodies),
  })
})

it('for any request, a policy example finds the same operations or the same refusal as the gateway', async () => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(request, async ({ kind, method, path, body }) => {
      const route = routes.find((each) => each.id === kind)
      if (!route) throw new Error(kind)
      const hasBody = !['GET', 'HEAD'].includes(method)
      const asked = askedOf(route, { method, path, ...(hasBody && { body }) })
      const reply = await world.as('alice', route.path + path, hasBody ? { ...json(body), method } : { method })
      await reply.text()
      const { operations, code } = await world.gateway.auditOf(reply)
      seen.add('operations' in asked ? 'operations' : asked.refused)
      if ('operations' in asked)
        expect({ operations, code }).toEqual({ operations: asked.operations, code: 'policy-denied' })
      else expect(code).toBe(asked.refused)
    }),
    { numRuns: 300 },
  )
  expect([...seen]).toEqual(expect.arrayContaining(['operations', 'operation-unknown', 'body-invalid']))
})
