import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditLine } from '../../src/audit/line'
import { bearer, forge, openHttp, policyWithExamples, routeOf } from '../support/fixtures'
import { plainRequest } from '../support/raw'
import { json, openWorld, type World } from '../support/world'

let world: World

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => [
    routeOf(openHttp(url), [issuer], { cors: { origins: ['https://app.example.com'] } }),
    routeOf({ kind: 'langgraph', origin: { url } }, [issuer], {
      threads: 'shared',
      policies: [policyWithExamples({ id: 'read-only', allow: [{ name: 'reading', operations: ['threads.read'] }] })],
    }),
  ])
})
afterAll(() => world?.close())

describe('the audit line', () => {
  it('X13: there is one for every request, refused and preflight included, and it says who, what and why', async () => {
    const before = world.gateway.audit.length
    const allowed = await world.as('alice', '/agents/langgraph/threads/t-1')
    const denied = await world.as('bob', '/agents/langgraph/threads/t-1', { method: 'DELETE' })
    const anonymous = await world.as(undefined, '/agents/langgraph/threads/t-1')
    const preflight = await world.gateway.fetch('/agents/http/x', {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example.com', 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(204)
    expect(await world.gateway.auditOf(allowed)).toMatchObject({
      v: 1,
      route: 'langgraph',
      operation: 'threads.read',
      thread: 't-1',
      who: { issuer: world.provider.issuer, subject: 'alice', kind: 'user' },
      decision: { effect: 'allow', by: ['read-only/reading'] },
      outcome: 'forwarded',
      status: 200,
      stream: 'complete',
      ms: { verify: expect.any(Number), origin: expect.any(Number), total: expect.any(Number) },
    })
    expect(await world.gateway.auditOf(denied)).toMatchObject({
      who: { subject: 'bob' },
      decision: { effect: 'deny', policy: 'read-only', reasons: ['no-rule-for-operation'] },
      outcome: 'refused',
      status: 403,
      code: 'policy-denied',
    })
    expect(await world.gateway.auditOf(anonymous)).toMatchObject({
      outcome: 'refused',
      code: 'token-missing',
      route: 'langgraph',
    })
    expect(world.gateway.audit.length).toBe(before + 4)
  })

  it('joins a trace that the caller began, and begins one otherwise', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: 'vendor=1' }
    const response = await world.as('alice', '/agents/http/x', { headers })
    expect((await world.gateway.auditOf(response)).trace).toBe(traceId)
    const { headers: received } = world.origin.last()
    expect(received.traceparent).toMatch(new RegExp(`^00-${traceId}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`))
    expect(received.tracestate).toBe('vendor=1')
    for (const sampled of ['00', '01']) {
      await world.as('alice', '/agents/http/x', {
        headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-${sampled}` },
      })
      expect(String(world.origin.last().headers.traceparent).slice(-3)).toBe(`-${sampled}`)
    }
    for (const traceparent of [
      'garbage',
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
      `ff-${traceId}-00f067aa0ba902b7-01`,
    ]) {
      const own = await world.as('alice', '/agents/http/x', { headers: { traceparent, tracestate: 'vendor=1' } })
      const { trace, id } = await world.gateway.auditOf(own)
      expect(trace).toBe(id.replaceAll('-', ''))
      expect(world.origin.last().headers).not.toHaveProperty('tracestate')
    }
  })

  it('T3: nothing that a caller sends can begin a line of its own', async () => {
    const evil = 'x"}\r\n{"v":1,"forged":true}\u2028\u2029\u0085\u001b[31m'
    const claims = { sub: 'alice', client_id: evil, tid: evil, roles: [evil], email: evil }
    const before = world.gateway.logs.length
    const token = await forge(world.provider, { claims })
    const response = await world.gateway.fetch('/agents/langgraph/threads/%0d%0a', { headers: bearer(token) })
    expect(response.status).toBe(400)
    const run = await world.gateway.fetch('/agents/langgraph/threads', {
      ...json({ thread_id: evil }),
      headers: { ...bearer(token), 'content-type': 'application/json', 'user-agent': 'a b' },
    })
    await world.gateway.auditOf(run)
    await plainRequest(world.gateway.url, { path: '/agents/http/x%E2%80%A8', headers: bearer(token) })
    const lines = world.gateway.logs.slice(before)
    for (const line of lines) {
      expect(line.split(/[\r\n\u2028\u2029\u0085]/)).toHaveLength(1)
      expect(JSON.parse(line)).not.toHaveProperty('forged')
    }
  })

  it('T3: a line is a line, whatever its texts', () => {
    const line = auditLine({ thread: 'a\r\nb\u2028c\u2029d\u0085e\u0000' } as never)
    expect(line).not.toMatch(/[\r\n\u2028\u2029\u0085\0]/)
    expect(JSON.parse(line)).toEqual({ thread: 'a\r\nb\u2028c\u2029d\u0085e\u0000' })
  })

  it('has no query, no body and nothing that looks like a token', async () => {
    const response = await world.as('alice', '/agents/http/eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.abc?secret=hunter2', {
      method: 'POST',
      body: 'hunter3',
    })
    const line = JSON.stringify(await world.gateway.auditOf(response))
    expect(line).not.toMatch(/hunter|eyJ/)
    expect(line).toContain('/agents/http/[removed]')
  })
})
