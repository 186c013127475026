import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { operators } from '../../src/config/define'
import { newKey, recordOf } from '../support/api-keys'
import { bearer, forge, openHttp, policyWithExamples, routeOf } from '../support/fixtures'
import { json, openWorld, type World } from '../support/world'

/* Revocation and closed routes: a real Durable Object in workerd, and a clock that is moved. */

const BOUND = 15
let world: World
let operator: { readonly authorization: string }

const onlyOperators = policyWithExamples({
  id: 'only-operators',
  allow: [{ name: 'operators', operations: ['*'], when: { scope: 'operate' } }],
})

beforeAll(async () => {
  world = await openWorld(
    ({ origin, issuer }) => {
      const keys = { id: 'keys', binding: 'API_KEYS' }
      const route = (id: string, more = {}) =>
        routeOf(openHttp(origin.url), [{ ...issuer, claims: { tenant: 'org' } }, keys], { id, path: `/${id}`, ...more })
      return [
        route('closes'),
        route('opens', { withoutRevocations: 'open' }),
        { id: 'public', path: '/public', agent: openHttp(origin.url), public: true },
        routeOf(operators, [{ ...issuer, claims: { tenant: 'org' } }], {
          id: 'operators',
          path: '/operators',
          policies: [onlyOperators],
        }),
      ]
    },
    { hasRevocations: true, namespaces: ['API_KEYS'] },
  )
  operator = bearer(
    await forge(world.provider, { claims: { sub: 'olga', scope: 'operate', exp: world.gateway.now() + 36_000 } }),
  )
})
afterAll(() => world?.close())
beforeEach(() => world.gateway.list('answers'))

const operate = (method: string, path: string, body?: unknown) =>
  world.gateway.fetch(`/operators${path}`, {
    ...(body === undefined ? {} : json(body)),
    method,
    headers: { 'content-type': 'application/json', ...operator },
  })

async function revoke(entry: object): Promise<string> {
  const reply = await operate('POST', '/revocations', entry)
  expect(reply.status).toBe(200)
  return ((await reply.json()) as { id: string }).id
}

const tokenOf = (claims: object) => forge(world.provider, { claims: { exp: world.gateway.now() + 36_000, ...claims } })
const ask = (headers: Record<string, string>, path = '/closes/x') => world.gateway.fetch(path, { headers })

async function refusedWith(reply: Response) {
  const { code } = (await reply.json()) as { code: string }
  const { reason } = await world.gateway.auditOf(reply)
  return [reply.status, code, reason]
}

describe('revocations', () => {
  it.each<[string, (claims: Record<string, string>, issuer: string) => object]>([
    ['token', ({ jti }, issuer) => ({ kind: 'token', issuer, value: jti })],
    ['session', ({ sid }, issuer) => ({ kind: 'session', issuer, value: sid })],
    ['person', ({ sub }, issuer) => ({ kind: 'person', issuer, value: sub })],
    ['tenant', ({ org }, issuer) => ({ kind: 'tenant', issuer, value: org })],
  ])('a revoked %s is refused within 15 seconds until it is restored; other callers pass', async (kind, entryOf) => {
    const named = (who: string) => ({
      jti: `jti-${kind}-${who}`,
      sid: `sid-${kind}-${who}`,
      sub: `${kind}-${who}`,
      org: `org-${kind}-${who}`,
    })
    const [gone, stays] = await Promise.all([tokenOf(named('gone')), tokenOf(named('stays'))])
    expect((await ask(bearer(gone))).status).toBe(200)
    const id = await revoke(entryOf(named('gone'), world.provider.issuer))
    await world.gateway.advance(BOUND)
    const reply = await ask(bearer(gone))
    expect(reply.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(await refusedWith(reply)).toEqual([401, 'token-invalid', `revoked ${kind}`])
    expect((await ask(bearer(stays))).status).toBe(200)
    expect((await operate('DELETE', `/revocations/${id}`)).status).toBe(200)
    await world.gateway.advance(BOUND)
    expect((await ask(bearer(gone))).status).toBe(200)
  })

  it('a revoked API key is refused with 401 token-invalid', async () => {
    const { key, name } = await newKey()
    await (await world.gateway.kv('API_KEYS')).put(name, JSON.stringify(recordOf()))
    expect((await ask({ 'x-api-key': key })).status).toBe(200)
    await revoke({ kind: 'key', value: name.slice(0, 16) })
    await world.gateway.advance(BOUND)
    expect(await refusedWith(await ask({ 'x-api-key': key }))).toEqual([401, 'token-invalid', 'revoked key'])
  })

  it('a revocation with an end time ends at that time', async () => {
    const token = bearer(await tokenOf({ sub: 'for-a-while' }))
    // The object's clock is not moved.
    await revoke({
      kind: 'person',
      issuer: world.provider.issuer,
      value: 'for-a-while',
      until: Math.floor(Date.now() / 1000) + 1,
    })
    await world.gateway.advance(BOUND)
    expect((await ask(token)).status).toBe(401)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await world.gateway.advance(BOUND)
    expect((await ask(token)).status).toBe(200)
  })

  it('the audit line of a new revocation names the operator; the list does not name the revoked person', async () => {
    const secret = `person-${crypto.randomUUID()}`
    const reply = await operate('POST', '/revocations', {
      kind: 'person',
      issuer: world.provider.issuer,
      value: secret,
      note: 'left the company',
    })
    expect(await world.gateway.auditOf(reply)).toMatchObject({
      who: { subject: 'olga' },
      operations: ['revocations.add'],
      route: 'operators',
    })
    const listed = await (await operate('GET', '/revocations')).text()
    expect(listed).not.toContain(secret)
    expect(JSON.parse(listed).revocations).toContainEqual(
      expect.objectContaining({ kind: 'person', by: 'olga', note: 'left the company' }),
    )
  })

  it.each<[string, unknown]>([
    ['without a value', { kind: 'person', issuer: 'https://x' }],
    ['without an issuer', { kind: 'session', value: 'x' }],
    ['of a key with an issuer', { kind: 'key', value: 'x', issuer: 'https://x' }],
    ['of an unknown kind', { kind: 'everybody' }],
    ['with an unknown field', { kind: 'key', value: 'x', admin: true }],
    ['that is not an object', 'x'],
    ['with an end time in the past', { kind: 'key', value: 'x', until: 5 }],
    ['with an end time in milliseconds', { kind: 'key', value: 'x', until: 1_893_456_000_000 }],
    ['with an end time that is not a number', { kind: 'key', value: 'x', until: '2027' }],
  ])('a new revocation %s is refused with 400', async (_, entry) => {
    expect((await operate('POST', '/revocations', entry)).status).toBe(400)
  })

  it('a caller who is not an operator cannot list revocations, add revocations or close routes', async () => {
    for (const [method, path] of [
      ['GET', '/revocations'],
      ['POST', '/revocations'],
      ['PUT', '/routes/closes/closed'],
    ] as const) {
      const reply = await world.as('alice', `/operators${path}`, { method, ...(method !== 'GET' && { body: '{}' }) })
      expect(reply.status).toBe(403)
      expect((await world.gateway.fetch(`/operators${path}`, { method })).status).toBe(401)
    }
    for (const path of ['/list', '/', '/revocations/../list', '/routes', '/routes/closes'])
      expect((await operate('GET', path)).status, path).toBeGreaterThanOrEqual(400)
  })
})

describe('closed routes', () => {
  const close = (id: string, body = {}) => operate('PUT', `/routes/${id}/closed`, body)
  const open = (id: string) => operate('DELETE', `/routes/${id}/closed`)

  it('a closed route answers 503 with the message of the operator and Retry-After until it is reopened', async () => {
    expect((await close('closes', { message: 'Moving house. Back at noon.', retryAfter: 600 })).status).toBe(200)
    await world.gateway.advance(BOUND)
    const reply = await world.as('alice', '/closes/x')
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '600'])
    expect(await reply.json()).toMatchObject({
      code: 'route-closed',
      detail: 'Moving house. Back at noon.',
      retryAfter: 600,
    })
    expect((await world.gateway.fetch('/closes/x')).status).toBe(503)
    expect((await world.as('alice', '/opens/x')).status).toBe(200)
    await open('closes')
    await world.gateway.advance(BOUND)
    expect((await world.as('alice', '/closes/x')).status).toBe(200)
  })

  it('an operator can close and reopen a public route', async () => {
    await close('public')
    await world.gateway.advance(BOUND)
    expect(await refusedWith(await world.gateway.fetch('/public/x'))).toEqual([503, 'route-closed', undefined])
    await open('public')
    await world.gateway.advance(BOUND)
    expect((await world.gateway.fetch('/public/x')).status).toBe(200)
  })

  it('the route of the operators still answers after an operator closes it', async () => {
    await close('operators')
    await world.gateway.advance(BOUND)
    expect((await operate('GET', '/revocations')).status).toBe(200)
    expect((await open('operators')).status).toBe(200)
  })
})

describe('the list of revocations', () => {
  it('the list of revocations is fetched at most once in five seconds for any number of requests', async () => {
    await world.as('alice', '/closes/x')
    const before = await world.gateway.list()
    for (let sent = 0; sent < 100; sent++) await (await world.as('alice', '/closes/x')).text()
    expect(await world.gateway.list()).toBeLessThanOrEqual(before + 1)
  })

  it.each(['fails', 'hangs'] as const)(
    'a list of revocations that %s is tolerated for 45 seconds; then withoutRevocations decides (F16)',
    async (mode) => {
      await world.gateway.advance(BOUND)
      expect((await world.as('alice', '/closes/x')).status).toBe(200)
      const logged = world.gateway.logs.length
      await world.gateway.list(mode)
      await world.gateway.advance(30)
      const waits = world.as('alice', '/closes/x')
      if (mode === 'hangs') {
        // The wait follows the clock.
        await new Promise((resolve) => setTimeout(resolve, 300))
        await world.gateway.advance(2)
      }
      expect((await waits).status).toBe(200)
      await world.gateway.advance(16)
      const late = world.as('alice', '/closes/x')
      if (mode === 'hangs') {
        await new Promise((resolve) => setTimeout(resolve, 300))
        await world.gateway.advance(2)
      }
      const reply = await late
      expect(reply.headers.get('retry-after')).toBe('10')
      expect((await refusedWith(reply)).slice(0, 2)).toEqual([503, 'revocations-unavailable'])
      expect((await world.as('alice', '/opens/x')).status).toBe(200)
      expect(world.gateway.logs.slice(logged).join('\n')).toContain('"event":"revocations-unreachable"')
      await world.gateway.list('answers')
      await world.gateway.advance(2)
      expect((await world.as('alice', '/closes/x')).status).toBe(200)
    },
  )

  it('a revoked person stays refused while the list of revocations cannot be fetched', async () => {
    const token = bearer(await tokenOf({ sub: 'still-gone' }))
    await revoke({ kind: 'person', issuer: world.provider.issuer, value: 'still-gone' })
    await world.gateway.advance(BOUND)
    expect((await ask(token, '/opens/x')).status).toBe(401)
    await world.gateway.list('fails')
    await world.gateway.advance(300)
    expect((await ask(token, '/opens/x')).status).toBe(401)
  })
})

describe('revoked issuers', () => {
  it('the revocation of an issuer refuses all tokens of the issuer, including tokens of operators', async () => {
    await world.gateway.advance(2)
    await revoke({ kind: 'issuer', issuer: world.provider.issuer })
    await world.gateway.advance(BOUND)
    expect(await refusedWith(await world.as('bob', '/closes/x'))).toEqual([401, 'token-invalid', 'revoked issuer'])
    expect((await operate('GET', '/revocations')).status).toBe(401)
  })
})
