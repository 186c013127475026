import { afterAll, beforeAll, expect, it } from 'vitest'
import { forge, openHttp, routeOf } from '../support/fixtures'
import { refused } from '../support/refusal'
import { openWorld, type World } from '../support/world'

/* A token in a header of something in front of the gateway, as Cloudflare Access puts it there. */

const HEADER = 'cf-access-jwt-assertion'
const APP = 'https://app.example.com'
let world: World
let service: string

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => [
    routeOf(openHttp(url), [issuer], { id: 'access', path: '/access', tokenHeader: HEADER, cors: { origins: [APP] } }),
    routeOf(openHttp(url), [issuer]),
  ])
  service = await forge(world.provider, { claims: { sub: 'robot', client_id: 'robot' } })
})
afterAll(() => world?.close())

const ask = (headers: Record<string, string>, method = 'GET', path = '/access/x') =>
  world.gateway.fetch(path, { method, headers })
const of = (person: 'alice' | 'bob') => ({ [HEADER]: world.token(person) })

it('a token in another header than Authorization signs in only on routes that name that header', async () => {
  expect((await ask(of('alice'))).status).toBe(200)
  expect(world.origin.last().headers).not.toHaveProperty(HEADER)
  expect(JSON.stringify(world.origin.last().headers)).not.toContain(world.token('alice').split('.')[1])
  expect(await refused(await ask(of('alice'), 'GET', '/agents/http/x'))).toMatchObject({ code: 'token-missing' })
})

it('a token in the configured token header is verified like a bearer token', async () => {
  expect(await refused(await ask({ [HEADER]: 'a.b.c' }))).toMatchObject({ status: 401, code: 'token-invalid' })
  expect(await refused(await ask({ [HEADER]: 'no token' }))).toMatchObject({
    status: 400,
    code: 'credential-ambiguous',
  })
  expect(await refused(await ask({ [HEADER]: '' }))).toMatchObject({ code: 'token-missing' })
})

it('a token in the token header is refused if the Authorization header has a different token', async () => {
  expect((await ask({ ...of('alice'), ...world.alice })).status).toBe(200)
  expect(await refused(await ask({ ...of('alice'), ...world.bob }))).toMatchObject({ code: 'credential-ambiguous' })
})

it('a POST, PUT or DELETE from a page of another site gets 403 if only the token header has a token (X1)', async () => {
  const before = world.origin.received.length
  for (const headers of [
    { origin: 'https://evil.test' },
    { origin: 'null' },
    { origin: 'https://evil.test', 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    {},
  ])
    for (const method of ['POST', 'PUT', 'DELETE'])
      expect(await refused(await ask({ ...of('alice'), ...headers }, method))).toEqual({
        status: 403,
        code: 'cors-origin-refused',
      })
  expect(world.origin.received).toHaveLength(before)
})

it('a POST with the token header passes from pages of the route, pages of the gateway and machines', async () => {
  const own = new URL(world.gateway.url).origin
  for (const headers of [
    { origin: APP },
    { origin: own },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
  ])
    expect((await ask({ ...of('alice'), ...headers }, 'POST')).status).toBe(200)
  expect((await ask({ [HEADER]: service }, 'POST')).status).toBe(200)
  // A page that sends the bearer itself has it, and is asked for nothing more.
  expect((await ask({ ...of('alice'), ...world.alice }, 'POST')).status).toBe(200)
})
