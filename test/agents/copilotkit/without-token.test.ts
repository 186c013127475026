import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { routeOf } from '../../support/fixtures'
import { refused } from '../../support/refusal'
import { json, openWorld, type World } from '../../support/world'

let world: World

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) =>
    (['multi-route', 'single-route'] as const).flatMap((style) =>
      [true, undefined].map((tokenInBody) => {
        const id = `${style}${tokenInBody ? '-old' : ''}`
        const agent = { kind: 'copilotkit', style, origin: { url } } as const
        return routeOf(agent, [issuer], { id, path: `/${id}`, ...(tokenInBody && { tokenInBody }) })
      }),
    ),
  )
})
afterAll(() => world?.close())
beforeEach(() => {
  world.origin.received.length = 0
})

const info = { method: 'info' }
const run = { method: 'agent/run', params: { agentId: 'default' }, body: { threadId: 't', runId: 'r', messages: [] } }

describe('CopilotKit apps with tokens only in bodies', () => {
  it.each([
    ['GET /info', '/multi-route-old/info', undefined],
    ['an envelope', '/single-route-old', json(info)],
  ] as const)(
    'a caller may list agents without a token, and the runtime gets an empty user id (%s)',
    async (_how, path, init) => {
      const reply = await world.gateway.fetch(path, init)
      expect(reply.status).toBe(200)
      const { headers } = world.origin.last()
      expect(headers.authorization).toBeUndefined()
      expect(headers['x-user-id']).toBe('')
      const audited = await world.gateway.auditOf(reply)
      expect(audited.operations).toEqual(['info'])
      expect(audited).not.toHaveProperty('who')
    },
  )

  it.each([
    ['runs an agent', '/multi-route-old/agent/default/run', json(run.body)],
    ['runs an agent by an envelope', '/single-route-old', json(run)],
    ['lists agents by an envelope with a body', '/single-route-old', json({ ...info, body: {} })],
    ['lists agents by an envelope with parameters', '/single-route-old', json({ ...info, params: {} })],
    ['lists agents on a route with tokens in headers', '/multi-route/info', undefined],
    ['lists agents by an envelope on a route with tokens in headers', '/single-route', json(info)],
  ] as const)('a CopilotKit request without a token gets 401 if it %s', async (_what, path, init) => {
    expect(await refused(await world.gateway.fetch(path, init))).toEqual({ status: 401, code: 'token-missing' })
    expect(world.origin.received).toEqual([])
  })

  it('a token in a request for the list of agents must be valid, and then identifies the caller', async () => {
    const bad = await world.gateway.fetch('/multi-route-old/info', { headers: { authorization: 'Bearer a.b.c' } })
    expect(await refused(bad)).toEqual({ status: 401, code: 'token-invalid' })
    expect((await world.as('alice', '/multi-route-old/info')).status).toBe(200)
    expect(world.origin.last().headers['x-user-id']).toBe('alice')
  })
})
