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
  it('S25: a preflight is answered before login and without the origin', async () => {
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
  it.each(strangers)('S25: the origin %o gets no leave to read anything', async (origin) => {
    const reply = await preflight('/agents/http/x', origin)
    expect(reply.headers.has('access-control-allow-origin')).toBe(false)
    if (origin !== '') expect(await refused(reply)).toEqual({ status: 403, code: 'cors-origin-refused' })
    const actual = await world.as('alice', '/agents/http/x', { headers: { origin } })
    expect(actual.headers.has('access-control-allow-origin')).toBe(false)
    expect(actual.headers.get('vary')).toBe('Origin')
  })

  it('S25: two Origin headers match nothing', async () => {
    const token = await world.token('alice')
    const reply = await plainRequest(world.gateway.url, {
      path: '/agents/http/x',
      headers: { origin: [APP, 'https://evil.test'], authorization: `Bearer ${token}` },
    })
    expect(reply.headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('S25: a route without cors refuses every preflight, and says why', async () => {
    expect(await refused(await preflight('/closed/x', APP))).toEqual({ status: 403, code: 'cors-origin-refused' })
  })

  it('S25: refusals can be read by the page as replies can, with the headers that tell what to do', async () => {
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

  it('S25: a page of some route can read that there is no such route, and a stranger cannot', async () => {
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

  it("S25: the origin's own CORS headers do not come through", async () => {
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
