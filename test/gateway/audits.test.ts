import type { ServerResponse } from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditLine } from '../../src/audit/line'
import { eventually } from '../support/eventually'
import { bearer, forge, openHttp, policyWithExamples, routeOf } from '../support/fixtures'
import { beginEvents } from '../support/origin'
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
    routeOf({ kind: 'mcp', origin: { url } }, [issuer]),
    routeOf({ kind: 'ag-ui', origin: { url } }, [issuer], { audit: { begin: true } }),
    routeOf({ kind: 'ag-ui', origin: { url } }, [issuer], { id: 'end-only', path: '/agents/end-only' }),
  ])
})
afterAll(() => world?.close())

describe('audit lines', () => {
  it('every request, refusal and preflight has an audit line (X13, invariant 16)', async () => {
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
      v: 2,
      route: 'langgraph',
      operations: ['threads.read'],
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

  it('a valid traceparent of a caller is continued, and otherwise a new trace begins', async () => {
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
    for (const later of ['01', 'cc', 'fe']) {
      const traceparent = `${later}-${traceId}-00f067aa0ba902b7-01-what-comes-after`
      const joined = await world.as('alice', '/agents/http/x', { headers: { traceparent, tracestate: 'a=1\t,\tb=2' } })
      expect((await world.gateway.auditOf(joined)).trace).toBe(traceId)
      expect(world.origin.last().headers.traceparent).toMatch(new RegExp(`^00-${traceId}-`))
      expect(world.origin.last().headers.tracestate).toBe('a=1\t,\tb=2')
    }
    for (const traceparent of [
      'garbage',
      `00-${traceId}-00f067aa0ba902b7-01-x`,
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
      `ff-${traceId}-00f067aa0ba902b7-01`,
    ]) {
      const own = await world.as('alice', '/agents/http/x', { headers: { traceparent, tracestate: 'vendor=1' } })
      const { trace, id } = await world.gateway.auditOf(own)
      expect(trace).toBe(id.replaceAll('-', ''))
      expect(world.origin.last().headers).not.toHaveProperty('tracestate')
    }
  })

  it('text that a caller sends cannot split an audit line into two (T3)', async () => {
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

  it('an audit line stays a single line if its texts contain line breaks (T3)', () => {
    const line = auditLine({ thread: 'a\r\nb\u2028c\u2029d\u0085e\u0000' } as never, (text) => text)
    expect(line).not.toMatch(/[\r\n\u2028\u2029\u0085\0]/)
    expect(JSON.parse(line)).toEqual({ thread: 'a\r\nb\u2028c\u2029d\u0085e\u0000' })
  })

  it('an audit line escapes control and format characters and keeps other Unicode (T3)', () => {
    const thread = 'a\u009b31m\u202e\u200b\u061c\ufeff\u{e0001}\u007f-ü世'
    const line = auditLine({ thread } as never, (text) => text)
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    expect(line).toContain('ü世')
    expect(JSON.parse(line)).toEqual({ thread })
  })

  it('an audit line has at most 8 KiB and says how much of its text was left out (X13)', () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', '"', '\\', '\u0000', '世', '\u{e0001}', '%'),
      maxLength: 3000,
    })
    const events = fc.record({
      operations: fc.array(texts, { maxLength: 300 }),
      who: fc.record({ issuer: texts, subject: texts, client: texts }),
      decision: fc.record({ effect: fc.constant('allow'), by: fc.array(texts, { maxLength: 50 }) }),
      path: texts,
      thread: texts,
      reason: texts,
    })
    fc.assert(
      fc.property(events, (event) => {
        const line = auditLine(event as never, (text) => text)
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(8192)
        expect(Object.keys(JSON.parse(line))).toEqual(Object.keys(event))
      }),
      { numRuns: 300 },
    )
    const many = Array.from({ length: 1000 }, (_, index) => `tool.call/${index}`)
    const { operations } = JSON.parse(auditLine({ operations: many } as never, (text) => text))
    expect(operations).toEqual([...many.slice(0, 30), 'and 970 more'])
    expect(JSON.parse(auditLine({ path: 'x'.repeat(9000) } as never, (text) => text)).path).toBe(
      `${'x'.repeat(400)} and 8600 more`,
    )
  })

  it('an audit line of a batch stays below 8 KiB for any number of calls (X13)', async () => {
    for (const count of [100, 101, 20_000]) {
      const call = (index: number) => ({
        jsonrpc: '2.0',
        id: index,
        method: 'tools/call',
        params: { name: `t${index}` },
      })
      const before = world.gateway.logs.length
      const reply = await world.as(
        'alice',
        '/agents/mcp',
        json(Array.from({ length: count }, (_, index) => call(index))),
      )
      const { operations = [], reason } = await world.gateway.auditOf(reply)
      expect([reply.status, reason]).toEqual(count > 100 ? [400, 'too many messages'] : [200, undefined])
      expect(operations).toHaveLength(count > 100 ? 0 : 100)
      for (const line of world.gateway.logs.slice(before)) expect(line.length).toBeLessThan(8192)
    }
  })

  it('an audit line has no token from the path, even percent-encoded (invariant 1)', async () => {
    const token = await world.token('alice')
    const encodings = [
      token.replaceAll('.', '%2E'),
      token.replaceAll('.', '%252e'),
      [...token].map((character) => `%${character.charCodeAt(0).toString(16)}`).join(''),
    ]
    for (const other of [
      'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..iv.text.tag',
      'eyAidHlwIjoiSldUIiwgImFsZyI6IkVTMjU2IiB9.e30.x',
    ]) {
      const line = JSON.stringify(await world.gateway.auditOf(await world.as('alice', `/agents/http/${other}`)))
      expect(line).toContain('/agents/http/[removed]')
    }
    for (const encoded of encodings) {
      const reply = await world.as('alice', `/agents/http/${encoded}`)
      const line = JSON.stringify(await world.gateway.auditOf(reply))
      expect(line).toContain('[removed]')
      expect(decodeURIComponent(decodeURIComponent(line))).not.toContain(token.slice(0, 40))
    }
  })

  it('an audit line has no query, no body and no text that looks like a token', async () => {
    const response = await world.as('alice', '/agents/http/eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.abc?secret=hunter2', {
      method: 'POST',
      body: 'hunter3',
    })
    const line = JSON.stringify(await world.gateway.auditOf(response))
    expect(line).not.toMatch(/hunter|eyJ/)
    expect(line).toContain('/agents/http/[removed]')
  })
})

describe('opening audit lines of streams (F25)', () => {
  const started = 'data: {"type":"RUN_STARTED"}\n\n'

  /** Starts a run whose stream stays open until the origin's response `opened` ends. */
  async function openRun(path: string) {
    const { promise: opened, resolve } = Promise.withResolvers<ServerResponse>()
    world.origin.handle((_request, response) => {
      beginEvents(response)
      response.write(started)
      resolve(response)
    })
    const before = world.gateway.audit.length
    const reply = await world.as('alice', path, json({ threadId: 't', runId: 'r', messages: [] }))
    return { before, reply, opened }
  }

  it('a route with audit.begin audits caller and operation before the stream ends', async () => {
    const { before, reply, opened } = await openRun('/agents/ag-ui')
    await eventually('the opening line', () => world.gateway.audit.length > before)
    const [begun, ...others] = world.gateway.audit.slice(before)
    expect(others).toEqual([])
    expect(begun).toMatchObject({
      v: 2,
      id: reply.headers.get('x-request-id'),
      outcome: 'begun',
      status: 200,
      operations: ['run.stream'],
      who: { subject: 'alice' },
    })
    expect(begun).not.toHaveProperty('stream')
    const response = await opened
    response.end('data: {"type":"RUN_FINISHED"}\n\n')
    await reply.text()
    await eventually('the final line', () => world.gateway.audit.length === before + 2)
    expect(world.gateway.audit.at(-1)).toMatchObject({ id: begun?.id, outcome: 'forwarded', stream: 'complete' })
  })

  it('a stream on a route without audit.begin has a single audit line, at its end', async () => {
    const { before, reply, opened } = await openRun('/agents/end-only')
    const reader = reply.body?.getReader()
    expect((await reader?.read())?.done).toBe(false)
    expect(world.gateway.audit.length).toBe(before)
    const response = await opened
    response.end('data: {"type":"RUN_FINISHED"}\n\n')
    while (!(await reader?.read())?.done);
    await eventually('the line', () => world.gateway.audit.length > before)
    expect(world.gateway.audit.slice(before).map(({ outcome, stream }) => [outcome, stream])).toEqual([
      ['forwarded', 'complete'],
    ])
  })

  it('a JSON answer has no opening audit line, with or without audit.begin', async () => {
    world.origin.handle((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end('{}')
    })
    const before = world.gateway.audit.length
    await (await world.as('alice', '/agents/ag-ui', json({}))).text()
    await (await world.as('alice', '/agents/http/x')).text()
    await eventually('both lines', () => world.gateway.audit.length >= before + 2)
    expect(world.gateway.audit.slice(before).map(({ outcome }) => outcome)).not.toContain('begun')
  })
})

it.each(['hangs', 'fails'])('a reply does not wait for the audit line if the log %s (F20)', async (sink) => {
  const broken = await openWorld(undefined, { vars: { TEST_SINK: sink } })
  for (let count = 0; count < 20; count++) {
    const reply = await broken.as('alice', '/agents/http/x')
    expect(reply.status).toBe(200)
    await reply.arrayBuffer()
    expect((await broken.as(undefined, '/agents/http/x')).status).toBe(401)
  }
  await eventually('all lines', () => broken.gateway.audit.length === 40)
  await broken.close()
})
