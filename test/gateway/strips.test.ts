import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { identityHeaders } from '../../src/agents/identity'
import { isExposable, isReservedHeader } from '../../src/origin/headers'
import { bearer, forge, openHttp, routeOf } from '../support/fixtures'
import { plainRequest } from '../support/raw'
import { json, openWorld, type World } from '../support/world'

let world: World

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => [
    routeOf(openHttp(url), [issuer]),
    routeOf(openHttp(url), [issuer], {
      id: 'plain',
      path: '/plain',
      identity: { headers: true },
      forwardHeaders: ['x-app-version'],
    }),
    { id: 'open', path: '/open', agent: openHttp(url), public: true, identity: { headers: true } },
    routeOf({ kind: 'langgraph', origin: { url } }, [issuer], { threads: 'shared' }),
    routeOf({ kind: 'ag2', origin: { url } }, [issuer]),
    routeOf({ kind: 'ag2', origin: { url } }, [issuer], { id: 'shared', path: '/shared', threads: 'shared' }),
    { id: 'open-run', path: '/open-run', agent: { kind: 'ag2', origin: { url } }, public: true },
  ])
})
afterAll(() => world?.close())

/** The headers that every origin may see, whatever the caller sent. */
const EXPECTED = new Set([
  'host',
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'pragma',
  'cf-worker',
  'content-type',
  'content-length',
  'transfer-encoding',
  'connection',
  'traceparent',
  'via',
  'x-sallyport-assertion',
])

const FORGED = {
  'x-user-id': 'mallory',
  'x-user-roles': 'admin',
  'x-user-email': 'mallory@example.com',
  'x-sallyport-assertion': 'eyJhbGciOiJub25lIn0.e30.',
  'x-forwarded-user': 'mallory',
  'x-forwarded-for': '10.0.0.1',
  'x-forwarded-host': 'evil.test',
  forwarded: 'for=10.0.0.1',
  'x-original-url': '/admin',
  'x-rewrite-url': '/admin',
  'x-http-method-override': 'DELETE',
  'x-auth-scheme': 'langsmith',
  'x-api-key': 'stolen',
  'x-tenant-id': 'other',
  'x-service-key': 'stolen',
  cookie: 'session=1',
  'proxy-authorization': 'Basic eA==',
  'remote-user': 'mallory',
  'x-remote-user': 'mallory',
  'x-ms-client-principal': 'mallory',
  'x-goog-iap-jwt-assertion': 'x',
  'cf-access-jwt-assertion': 'x',
  'x-pomerium-jwt-assertion': 'x',
  'txn-token': 'x',
  dpop: 'x',
  signature: 'x',
  'client-cert': 'x',
  baggage: 'a=b',
  'langsmith-trace': 'x',
  'x-anything-else': 'x',
}

describe('headers to origins', () => {
  it('the gateway sends the origin only those headers of the caller that it lists as allowed (invariant 3)', async () => {
    const response = await world.as('alice', '/agents/http/things', { headers: FORGED })
    expect(response.status).toBe(200)
    const unexpected = Object.keys(world.origin.last().headers).filter((name) => !EXPECTED.has(name))
    expect(unexpected).toEqual([])
  })

  it('a header that the route names in forwardHeaders is sent to the origin', async () => {
    await world.as('alice', '/plain/x', { headers: { 'x-app-version': '7', 'x-other': '8' } })
    expect(world.origin.last().headers).toMatchObject({ 'x-app-version': '7' })
    expect(world.origin.last().headers).not.toHaveProperty('x-other')
  })

  it('a forged identity header in any spelling never reaches the origin (T1, S17, X2, invariant 6)', async () => {
    const separators = ['-', '_', '.']
    const spellings = Object.keys(identityHeaders).flatMap((name) =>
      separators.flatMap((a) => separators.map((b) => name.replace('-', a).replace('-', b))),
    )
    const headers = Object.fromEntries(
      spellings.flatMap((name, index) => [[index % 2 ? name : name.toUpperCase(), 'mallory']]),
    )
    for (const path of ['/plain/x', '/open/x']) {
      const token = await world.token('alice')
      await plainRequest(world.gateway.url, {
        path,
        headers: path === '/open/x' ? headers : { ...headers, authorization: `Bearer ${token}` },
      })
      const received = world.origin.last()
      expect(JSON.stringify(received.rawHeaders), path).not.toContain('mallory')
      for (const name of Object.keys(identityHeaders)) {
        const lines = received.rawHeaders.filter((line) => line.toLowerCase().replace(/[_.]/g, '-') === name)
        expect(lines, `${name} on ${path}`).toHaveLength(1)
      }
    }
  })

  it('a forged identity header in a random spelling never reaches the origin (X2)', async () => {
    const token = await world.token('bob')
    const spelling = fc
      .tuple(fc.constantFrom(...Object.keys(identityHeaders), 'x-sallyport-assertion'), fc.infiniteStream(fc.boolean()))
      .map(([name, upper]) => {
        const flips = upper[Symbol.iterator]()
        return [...name]
          .map((c) => (c === '-' ? (flips.next().value ? '_' : '-') : flips.next().value ? c.toUpperCase() : c))
          .join('')
      })
    await fc.assert(
      fc.asyncProperty(fc.array(spelling, { minLength: 1, maxLength: 4 }), async (names) => {
        const headers = Object.fromEntries(names.map((name) => [name, 'mallory']))
        await plainRequest(world.gateway.url, {
          path: '/plain/x',
          headers: { ...headers, authorization: `Bearer ${token}` },
        })
        expect(JSON.stringify(world.origin.last().rawHeaders)).not.toContain('mallory')
      }),
      { numRuns: 40 },
    )
  })

  it('identity headers are empty for a request without a token, even if the caller sends values (T2)', async () => {
    await world.as(undefined, '/open/x', { headers: { 'x-user-id': 'mallory' } })
    const { headers } = world.origin.last()
    for (const name of Object.keys(identityHeaders)) expect(headers[name], name).toBe('')
    expect(headers).not.toHaveProperty('x-sallyport-assertion')
  })

  it('a Connection header of the caller cannot remove the headers that the gateway adds (T4, S20)', async () => {
    const names = [
      'x-user-id',
      'X-User-Roles',
      'x-sallyport-assertion',
      'traceparent',
      'via',
      'authorization',
      'keep-alive',
      'te',
    ]
    const token = await world.token('alice')
    for (const connection of [names.join(', '), names]) {
      await plainRequest(world.gateway.url, {
        path: '/plain/x',
        headers: { connection, te: 'trailers', 'keep-alive': 'timeout=5', authorization: `Bearer ${token}` },
      })
      const { headers } = world.origin.last()
      expect(headers).toMatchObject({ 'x-user-id': 'alice', 'x-user-roles': 'admin' })
      expect(headers['x-sallyport-assertion']).toBeTruthy()
      for (const name of ['te', 'keep-alive', 'upgrade', 'proxy-connection', 'http2-settings']) {
        expect(headers).not.toHaveProperty(name)
      }
    }
  })

  it('headers such as Forwarded and X-HTTP-Method-Override change no decision of the gateway (T5)', async () => {
    const plain = await world.as('bob', '/agents/langgraph/threads/1', { method: 'GET' })
    const forged = await world.as('bob', '/agents/langgraph/threads/1', { method: 'GET', headers: FORGED })
    expect(forged.status).toBe(plain.status)
    const [a, b] = [await world.gateway.auditOf(plain), await world.gateway.auditOf(forged)]
    expect({ ...b.decision, operations: b.operations, route: b.route }).toEqual({
      ...a.decision,
      operations: a.operations,
      route: a.route,
    })
    expect(world.origin.last().method).toBe('GET')
  })

  it('the headers x-auth-scheme, x-api-key and x-tenant-id never reach a LangGraph server (finding 7)', async () => {
    await world.as('alice', '/agents/langgraph/threads/search', json({}, FORGED))
    const { headers } = world.origin.last()
    for (const name of [
      'x-auth-scheme',
      'x-api-key',
      'x-tenant-id',
      'x-service-key',
      'baggage',
      'langsmith-trace',
      'cookie',
    ]) {
      expect(headers, name).not.toHaveProperty(name)
    }
  })

  it('identity headers encode special characters, so that two people never have the same value', async () => {
    const seen = async (claims: Record<string, unknown>) => {
      await world.gateway.fetch('/plain/x', { headers: bearer(await forge(world.provider, { claims })) })
      const { headers } = world.origin.last()
      return [headers['x-user-id'], headers['x-user-roles']]
    }
    expect(await seen({ sub: ' alice ', roles: ['member', ' admin', 'a,b'] })).toEqual([
      '%20alice%20',
      'member,%20admin,a%2Cb',
    ])
    expect(await seen({ sub: 'al%69ce', roles: ['%2C'] })).toEqual(['al%2569ce', '%252C'])
    expect(await seen({ sub: 'Zoë 世', roles: [] })).toEqual(['Zo%C3%AB %E4%B8%96', ''])
  })

  it('a LangGraph request has every identity header in ASCII, with an empty value for a missing claim', async () => {
    await world.as('bob', '/agents/langgraph/threads/search', json({}))
    const { headers } = world.origin.last()
    for (const name of Object.keys(identityHeaders)) {
      expect(headers[name], name).toBeTypeOf('string')
      expect(headers[name], name).toMatch(/^[\x20-\x7e]*$/)
    }
    expect(headers['x-user-id']).toBe('bob')
  })
})

describe('reserved header names', () => {
  it('a header name that the gateway or an agent reads as identity is reserved in every spelling', () => {
    const names = Object.keys(FORGED).filter((name) => !['x-anything-else', 'x-remote-user'].includes(name))
    for (const name of [
      ...names,
      ...Object.keys(identityHeaders),
      'authorization',
      'Connection',
      'X_User_Id',
      'x.forwarded.for',
    ]) {
      expect(isReservedHeader(name), name).toBe(true)
    }
    for (const name of ['host', 'x-role', 'x-email', 'x-access-token', 'x-consumer-username'])
      expect(isReservedHeader(name), name).toBe(true)
    for (const name of ['x-app-version', 'accept', 'x-copilot-thread']) expect(isReservedHeader(name), name).toBe(false)
  })

  it('an agent may expose answer headers, but no header that controls a browser, cache or connection', () => {
    for (const name of [
      ...['set-cookie', 'Set_Login', 'www-authenticate', 'authentication-info', 'access-control-allow-origin'],
      ...['cross-origin-opener-policy', 'content-security-policy-report-only', 'permissions-policy', 'x-frame-options'],
      ...[
        'strict-transport-security',
        'clear-site-data',
        'refresh',
        'service-worker-allowed',
        'nel',
        'reporting-endpoints',
      ],
      ...['cloudflare-cdn-cache-control', 'cdn-cache-control', 'surrogate-control', 'vary', 'age', 'x-accel-redirect'],
      ...['x-content-type-options', 'x-request-id', 'location', 'content-location', 'content-type', 'content-encoding'],
      ...['x-user-id', 'x-sallyport-assertion', 'x-api-key', 'cookie', 'x-email', 'connection', 'via', 'cf-ray'],
      ...['origin-agent-cluster', 'speculation-rules', 'accept-ch', 'timing-allow-origin', 'use-as-dictionary'],
    ])
      expect(isExposable(name), name).toBe(false)
    for (const name of ['x-conversation-id', 'link', 'x-total-count', 'x-ratelimit-remaining', 'ratelimit-policy'])
      expect(isExposable(name), name).toBe(true)
  })
})

describe('raw tokens of callers', () => {
  it('the raw token of a caller reaches no origin, log, error body or trace (S18, T8, X8, invariant 1)', async () => {
    const token = await world.token('alice')
    const canaries = [token, ...token.split('.')]
    const bodies: string[] = []
    const call = async (path: string, init: RequestInit = {}) => {
      const response = await world.as('alice', path, init)
      bodies.push(await response.text(), JSON.stringify([...response.headers]))
      await world.gateway.auditOf(response)
      return response.status
    }
    const elsewhere = {
      'accept-language': token,
      'last-event-id': token,
      tracestate: `a=${token.slice(0, 100)}`,
      prefer: token,
    }
    expect(await call('/agents/http/x', { headers: elsewhere })).toBe(200)
    expect(await call(`/agents/http/x?token=${token}`)).toBe(400)
    expect(await call(`/agents/http/${token}`)).toBe(400)
    expect(await call('/nowhere')).toBe(404)
    expect(await call('/agents/langgraph/metrics')).toBe(404)
    const run = {
      threadId: 't',
      runId: 'r',
      messages: [{ id: '1', role: 'user', content: `my token is ${token}` }],
      state: { token },
      forwardedProps: { authorization: `Bearer ${token}`, note: token },
    }
    expect(await call('/agents/ag2', json(run))).toBe(200)
    expect(world.origin.last().body).toContain('[removed]')
    expect(await call('/agents/langgraph/runs/stream', json({ input: { token }, metadata: { token } }))).toBe(200)
    const everything = JSON.stringify([world.origin.received, world.gateway.logs, world.gateway.audit, bodies])
    const header = token.split('.')[0] as string
    for (const canary of canaries.filter((part) => part !== header)) expect(everything.includes(canary)).toBe(false)
    // The header segment of two tokens can be alike; ours is told apart by its kid.
    expect(everything.includes(header)).toBe(false)
  })

  it('the raw token reaches no origin in a tracestate, a thread id or a query, even if encoded (S18)', async () => {
    const exp = Math.floor(Date.now() / 1000) + 600
    const token = await forge(world.provider, {
      algorithm: 'ES256',
      claims: { exp, jti: undefined, client_id: undefined },
    })
    const call = (path: string, init: RequestInit = {}) =>
      world.gateway.fetch(path, { ...init, headers: { ...(init.headers as object), ...bearer(token) } })
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    expect(token.length).toBeLessThan(500)
    expect((await call('/agents/http/x', { headers: { traceparent, tracestate: `v=${token}` } })).status).toBe(200)
    const encoded = [...token].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')
    expect((await call(`/agents/http/x?t=${encoded}`)).status).toBe(400)
    expect((await call(`/agents/http/x?t=${encodeURIComponent(encoded)}`)).status).toBe(400)
    const tidOf = () => {
      const claims = String(world.origin.last().headers.authorization).split('.')[1] as string
      return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { thread_id: string }).thread_id
    }
    const run = (path: string, threadId: string) => call(path, json({ threadId, runId: 'r', messages: [] }))
    expect((await world.gateway.auditOf(await run('/shared', token))).thread).toBe('[removed]')
    expect(tidOf()).toBe('[removed]')
    // As an id that is its caller's own a token is too long, and a part of one is a UUID to all
    // behind the gateway.
    const before = world.origin.received.length
    expect((await run('/agents/ag2', token)).status).toBe(400)
    expect(world.origin.received.length).toBe(before)
    const audit = await world.gateway.auditOf(await run('/agents/ag2', token.slice(-256)))
    expect(audit.thread).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(tidOf()).toBe(audit.thread)
    const everything = JSON.stringify([world.origin.received, world.gateway.logs])
    for (const part of [token, token.split('.')[1], token.split('.')[2]])
      expect(everything.includes(String(part))).toBe(false)
  })

  it('the gateway does not remove an unverified bearer token from the body of a public route', async () => {
    for (const authorization of ['Bearer 1', 'Bearer z', 'Bearer n']) {
      const body = { threadId: 'z'.repeat(1000), runId: 'r', messages: [], n: 11 }
      await world.gateway.fetch('/open-run', {
        ...json(body),
        headers: { 'content-type': 'application/json', authorization },
      })
      expect(JSON.parse(world.origin.last().body)).toEqual(body)
    }
  })

  it('the gateway removes forwardedProps.authorization from a run, in any spelling', async () => {
    const forwardedProps = { authorization: 'Bearer x', Authorization: 'y', AUTHORIZATION: 'z', theme: 'dark' }
    await world.as('alice', '/agents/ag2', json({ threadId: 't', runId: 'r', messages: [], forwardedProps }))
    expect(JSON.parse(world.origin.last().body).forwardedProps).toEqual({ theme: 'dark' })
  })
})
