import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHttp, routeOf } from '../support/fixtures'
import { plainRequest } from '../support/raw'
import { refused } from '../support/refusal'
import { openWorld, type World } from '../support/world'

const APP = 'https://app.example.com'
let world: World

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => [
    routeOf(openHttp(url), [issuer], {
      cors: { origins: [APP, 'http://localhost:3000'] },
      forwardHeaders: ['x-app-version'],
    }),
    routeOf(openHttp(url), [issuer], { id: 'closed', path: '/closed' }),
    routeOf(openHttp(url), [issuer], {
      id: 'app',
      path: '/app',
      cors: {
        origins: [APP, 'tauri://localhost', 'http://localhost:*'],
        credentials: true,
        ignoreHeaders: ['x-debug'],
      },
    }),
    routeOf({ kind: 'langgraph', origin: { url } }, [issuer], { cors: { origins: [APP] }, threads: 'shared' }),
  ])
})
afterAll(() => world?.close())

const preflight = (path: string, origin: string) =>
  world.gateway.fetch(path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  })

describe('CORS', () => {
  it('the gateway answers a preflight without a token and without the origin (S25)', async () => {
    const before = world.origin.received.length
    const response = await preflight('/agents/http/x', APP)
    expect(response.status).toBe(204)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': APP,
      'access-control-allow-methods': 'GET, POST, PUT, DELETE',
      'access-control-allow-headers': expect.stringMatching(/content-type.*authorization.*x-app-version/),
      vary: 'Origin',
    })
    expect(response.headers.has('access-control-allow-credentials')).toBe(false)
    expect(world.origin.received.length).toBe(before)
  })

  const strangers = [
    'null',
    'https://app.example.com.evil.test',
    'https://evilapp.example.com',
    'http://app.example.com',
    'https://app.example.com:8443',
    'HTTPS://APP.EXAMPLE.COM',
    'https://app.example.com/',
    'https://app.example.com, https://evil.test',
    '*',
    '',
  ]
  it.each(strangers)('the web origin %o gets no CORS permission (S25)', async (origin) => {
    const reply = await preflight('/agents/http/x', origin)
    expect(reply.headers.has('access-control-allow-origin')).toBe(false)
    if (origin !== '') expect(await refused(reply)).toEqual({ status: 403, code: 'cors-origin-refused' })
    const actual = await world.as('alice', '/agents/http/x', { headers: { origin } })
    expect(actual.headers.has('access-control-allow-origin')).toBe(false)
    expect(actual.headers.get('vary')).toBe('Origin')
  })

  it('a request with two Origin headers gets no CORS permission (S25)', async () => {
    const token = await world.token('alice')
    const reply = await plainRequest(world.gateway.url, {
      path: '/agents/http/x',
      headers: { origin: [APP, 'https://evil.test'], authorization: `Bearer ${token}` },
    })
    expect(reply.headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('a route without cors refuses a preflight, and the audit line says why (S25)', async () => {
    const reply = await preflight('/closed/x', APP)
    const { mismatch } = await world.gateway.auditOf(reply)
    expect(await refused(reply)).toEqual({ status: 403, code: 'cors-origin-refused' })
    expect(mismatch).toEqual({ found: `the page ${APP}`, expected: 'no page', setting: 'cors.origins' })
  })

  it('the audit line of a refused preflight names the page and the allowed pages', async () => {
    const { mismatch } = await world.gateway.auditOf(await preflight('/agents/http/x', 'https://evil.test'))
    expect(mismatch).toEqual({
      found: 'the page https://evil.test',
      expected: expect.stringContaining(APP),
      setting: 'cors.origins',
    })
  })

  it('an allowed page can read replies, refusals and their exposed headers (S25)', async () => {
    const headers = { origin: APP }
    const replies = [
      await world.as(undefined, '/agents/http/x', { headers }),
      await world.as('alice', '/agents/http/x', { method: 'PATCH', headers }),
      await world.as('alice', '/agents/http//x', { headers }),
      await world.as('alice', '/agents/http/x', { headers }),
    ]
    expect(replies.map(({ status }) => status)).toEqual([401, 405, 400, 200])
    for (const reply of replies) {
      expect(reply.headers.get('access-control-allow-origin'), String(reply.status)).toBe(APP)
      expect(reply.headers.get('access-control-expose-headers')).toContain('www-authenticate')
      expect(reply.headers.get('access-control-expose-headers')).toContain('x-request-id')
    }
  })

  it('the 404 of an unknown route can be read only by pages that at least one route allows (S25)', async () => {
    expect((await preflight('/nowhere', APP)).status).toBe(204)
    const reply = await world.as('alice', '/nowhere', { headers: { origin: APP } })
    expect(reply.headers.get('access-control-allow-origin')).toBe(APP)
    expect(await refused(reply)).toEqual({ status: 404, code: 'route-unknown' })
    expect((await preflight('/nowhere', 'https://evil.test')).status).toBe(403)
    // A page of one route is still a stranger to another.
    expect((await preflight('/closed/x', APP)).status).toBe(403)
    const closed = await world.as('alice', '/closed/x', { headers: { origin: APP } })
    expect(closed.headers.has('access-control-allow-origin')).toBe(false)
  })

  it('the gateway drops CORS, cookie and server headers of the agent (S25)', async () => {
    world.origin.handle((_request, response) => {
      response.writeHead(200, {
        'access-control-allow-origin': '*',
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'x-secret',
        'set-cookie': 'a=b',
        server: 'origin/1.0',
        'x-powered-by': 'origin',
        'content-type': 'application/json',
      })
      response.end('{}')
    })
    const reply = await world.as('alice', '/agents/http/x', { headers: { origin: APP } })
    expect(reply.headers.get('access-control-allow-origin')).toBe(APP)
    for (const name of ['access-control-allow-credentials', 'set-cookie', 'server', 'x-powered-by']) {
      expect(reply.headers.has(name), name).toBe(false)
    }
  })
})

describe('CORS for unusual web origins', () => {
  const leave = async (origin: string, path = '/app/x') =>
    (await preflight(path, origin)).headers.get('access-control-allow-origin')

  it('a route can allow an app with a custom URL scheme and any port of localhost', async () => {
    for (const origin of ['tauri://localhost', 'http://localhost:5173', 'http://localhost:80'])
      expect(await leave(origin)).toBe(origin)
    for (const origin of [
      ...['tauri://localhost2', 'tauri://localhost/', 'http://localhost', 'http://localhost:', 'http://localhost:*'],
      ...[
        'http://localhost:5173.evil.test',
        'http://localhost:80a',
        'http://localhost:1@evil.test',
        'https://localhost:5173',
      ],
      'http://127.0.0.1:5173',
    ])
      expect(await leave(origin), origin).toBeNull()
  })

  it('a route can allow pages to send credentials, and the gateway ignores cookies', async () => {
    const allowed = 'access-control-allow-credentials'
    expect((await preflight('/app/x', APP)).headers.get(allowed)).toBe('true')
    expect((await preflight('/agents/http/x', APP)).headers.has(allowed)).toBe(false)
    const cookie = world.alice.authorization.replace('Bearer ', 'token=')
    const stranger = await world.gateway.fetch('/app/x', { headers: { origin: APP, cookie } })
    expect(stranger.headers.get(allowed)).toBe('true')
    expect(await refused(stranger)).toEqual({ status: 401, code: 'token-missing' })
    expect(
      (await world.gateway.fetch('/app/x', { headers: { origin: 'https://evil.test' } })).headers.has(allowed),
    ).toBe(false)
    const reply = await world.as('alice', '/app/x', { headers: { cookie: 'a=b' } })
    expect(reply.status).toBe(200)
    expect(world.origin.last().headers).not.toHaveProperty('cookie')
  })

  it('headers that a route ignores pass the preflight but do not reach the agent', async () => {
    const named = async (path: string) => (await preflight(path, APP)).headers.get('access-control-allow-headers') ?? ''
    expect(await named('/app/x')).toMatch(/\bx-debug\b/)
    expect(await named('/agents/http/x')).not.toMatch(/x-debug|x-api-key/)
    expect(await named('/agents/langgraph/info')).toMatch(/\bx-api-key\b.*\bx-auth-scheme\b/)
    const sent = { 'x-api-key': '', 'x-auth-scheme': 'langsmith', 'x-debug': '1' }
    for (const path of ['/app/x', '/agents/langgraph/info']) {
      expect((await world.as('alice', path, { headers: sent })).status).toBe(200)
      for (const name of Object.keys(sent)) expect(world.origin.last().headers, path).not.toHaveProperty(name)
    }
  })
})
