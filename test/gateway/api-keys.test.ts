import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiKeyRecord } from '../../src/authentication/api-key/record'
import { newKey, recordOf } from '../support/api-keys'
import { openHttp, policyWithExamples, routeOf } from '../support/fixtures'
import { json, openWorld, type World } from '../support/world'

/* API keys at the front door: real KV in workerd. */

const keys = { id: 'keys', binding: 'API_KEYS' }
let world: World

const http = (url: string) => openHttp(url)
const rules = policyWithExamples({
  id: 'rules',
  allow: [{ name: 'members', operations: ['*'], when: { any: [{ role: 'member' }, { issuer: 'login' }] } }],
})

beforeAll(async () => {
  world = await openWorld(
    ({ origin, trust, issuer }) => {
      const route = (id: string, trusted: NonNullable<Parameters<typeof routeOf>[1]>, more = {}) =>
        routeOf(http(origin.url), trusted, {
          id,
          path: `/${id}`,
          policies: [rules],
          identity: { headers: true },
          cors: { origins: ['https://app.example.com'] },
          ...more,
        })
      return [
        route('both', [...trust, keys]),
        route('keys-only', [keys]),
        route('tokens-only', trust),
        route('same-people', [...trust, { id: 'own-keys', binding: 'OWN_KEYS', peopleOf: issuer.id }]),
        routeOf({ kind: 'mcp', origin: { url: origin.url } }, [keys], { id: 'tools', path: '/tools' }),
        routeOf({ kind: 'ag-ui', origin: { url: origin.url } }, [...trust, keys], {
          id: 'in-body',
          path: '/in-body',
          tokenInBody: true,
        }),
      ]
    },
    { namespaces: ['API_KEYS', 'OWN_KEYS'] },
  )
})
afterAll(() => world?.close())

async function put(more: Partial<ApiKeyRecord> = {}, namespace = 'API_KEYS') {
  const { key, name } = await newKey()
  const kv = await world.gateway.kv(namespace)
  await kv.put(name, JSON.stringify(recordOf(more)))
  return { key, name, kv }
}

const withKey = (key: string, more: Record<string, string> = {}) => ({ headers: { 'x-api-key': key, ...more } })
const get = (path: string, headers: Record<string, string>) => world.gateway.fetch(path, { headers })

async function refusedWith(reply: Response) {
  const { code } = (await reply.json()) as { code: string }
  const { reason } = await world.gateway.auditOf(reply)
  return [reply.status, code, reason]
}

/** The claims of the assertion that the origin got last. */
function asserted() {
  const { headers } = world.origin.received.at(-1)!
  const jws = String(headers.authorization ?? headers['x-sallyport-assertion']).replace('Bearer ', '')
  return JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString())
}

describe('API keys', () => {
  it.each(['x-api-key', 'bearer'])(
    'an API key sent as %s signs its person in, and the key never reaches the agent',
    async (place) => {
      const { key } = await put({ email: 'alice@example.com', tenant: 'acme' })
      const headers: Record<string, string> =
        place === 'bearer' ? { authorization: `Bearer ${key}` } : { 'x-api-key': key }
      const reply = await get('/both/things', headers)
      expect(reply.status).toBe(200)
      await reply.text()
      expect(JSON.stringify(world.origin.received.at(-1))).not.toContain(key)
      expect(world.origin.received.at(-1)?.headers['x-api-key']).toBeUndefined()
      expect(asserted()).toMatchObject({
        sub: 'keys:alice',
        idp: 'urn:sallyport:api-keys:keys',
        amr: ['api-key'],
        roles: ['member'],
        tenant: 'acme',
      })
      const { who } = await world.gateway.auditOf(reply)
      expect(who).toMatchObject({
        subject: 'alice',
        kind: 'user',
        authenticator: 'api-key',
        key: expect.stringMatching(/^[0-9a-f]{16}$/),
      })
      expect(world.gateway.logs.join('\n')).not.toContain(key)
    },
  )

  it('an API key with the kind service in its record signs in a service', async () => {
    const { key } = await put({ kind: 'service', subject: 'nightly' })
    expect((await get('/both/x', { 'x-api-key': key })).status).toBe(200)
    expect(asserted()).toMatchObject({ caller: 'service', sub: 'keys:nightly' })
  })

  it('an API key signs in the same person as a token of the issuer named by peopleOf', async () => {
    const { key } = await put({}, 'OWN_KEYS')
    expect((await get('/same-people/x', { 'x-api-key': key })).status).toBe(200)
    const byKey = asserted()
    expect((await world.as('alice', '/same-people/x')).status).toBe(200)
    const byToken = asserted()
    expect([byKey.sub, byKey.idp]).toEqual([byToken.sub, byToken.idp])
    expect([byKey.amr, byToken.amr]).toEqual([['api-key'], ['jwt']])
  })

  it.each<[string, (key: string) => string]>([
    ['with another secret', (key) => `sp_${'0'.repeat(64)}${key.slice(-8)}`],
    ['with another checksum', (key) => `${key.slice(0, -8)}00000000`],
    ['in upper case', (key) => `sp_${key.slice(3).toUpperCase()}`],
    ['cut short', (key) => key.slice(0, -1)],
    ['with a character more', (key) => `${key}0`],
    ['of the prefix alone', () => 'sp_'],
  ])('an API key %s is refused with 401 and the reason key-form', async (_, change) => {
    const { key } = await put()
    expect(await refusedWith(await get('/both/x', { 'x-api-key': change(key) }))).toEqual([
      401,
      'token-invalid',
      'key-form',
    ])
    expect(await refusedWith(await get('/both/x', { authorization: `Bearer ${change(key)}` }))).toEqual([
      401,
      'token-invalid',
      'key-form',
    ])
  })

  it('an API key that was never created or has a damaged record is refused with 401', async () => {
    const { key, name } = await newKey()
    expect(await refusedWith(await get('/both/x', { 'x-api-key': key }))).toEqual([401, 'token-invalid', 'key-unknown'])
    for (const broken of ['{', '[]', '{"v":2}', JSON.stringify({ ...recordOf(), admin: true })]) {
      await (await world.gateway.kv('API_KEYS')).put(name, broken)
      expect(await refusedWith(await get('/both/x', { 'x-api-key': key }))).toEqual([
        401,
        'token-invalid',
        'key-unknown',
      ])
    }
  })

  it('an API key with one changed bit is refused with 401 (T21)', async () => {
    const { key } = await put()
    expect((await get('/both/x', { 'x-api-key': key })).status).toBe(200)
    for (let at = 3; at < key.length; at += 7) {
      const digit = (Number.parseInt(key[at] ?? '0', 16) ^ 1).toString(16)
      const other = key.slice(0, at) + digit + key.slice(at + 1)
      expect((await get('/both/x', { 'x-api-key': other })).status).toBe(401)
    }
  })

  it('an API key works only on routes and for operations that its record names', async () => {
    const { key } = await put({ routes: ['keys-only'] })
    expect((await get('/keys-only/x', { 'x-api-key': key })).status).toBe(200)
    expect(await refusedWith(await get('/both/x', { 'x-api-key': key }))).toEqual([401, 'token-invalid', 'key-route'])
    const { key: limited } = await put({ operations: ['other.*'] })
    expect(await refusedWith(await get('/both/x', { 'x-api-key': limited }))).toEqual([
      403,
      'policy-denied',
      'credential-limited',
    ])
  })

  it('a policy that needs a role denies an API key without roles in its record', async () => {
    const { key } = await put({ roles: [] })
    expect(await refusedWith(await get('/both/x', { 'x-api-key': key }))).toEqual([
      403,
      'policy-denied',
      'role-missing issuer-differs',
    ])
  })

  it('a route that trusts only tokens refuses an API key and never forwards it', async () => {
    const { key } = await put()
    expect(await refusedWith(await get('/tokens-only/x', { 'x-api-key': key }))).toEqual([
      401,
      'token-missing',
      undefined,
    ])
    expect(await refusedWith(await get('/tokens-only/x', { authorization: `Bearer ${key}` }))).toEqual([
      401,
      'token-invalid',
      'opaque',
    ])
    const reply = await world.as('alice', '/tokens-only/x', withKey(key))
    expect(reply.status).toBe(200)
    expect(JSON.stringify(world.origin.received.at(-1))).not.toContain(key)
  })

  it('an API key in the URL is refused with 400, even if x-api-key has the same key', async () => {
    const { key } = await put()
    expect(await refusedWith(await get(`/both/x?key=${key}`, { 'x-api-key': key }))).toEqual([
      400,
      'token-in-url',
      undefined,
    ])
  })
})

describe('several credentials in a request', () => {
  it('a value in x-api-key that is not a gateway key is dropped beside a token', async () => {
    for (const foreign of ['', 'lsv2_pt_0123456789abcdef', 'a, b', '"x"']) {
      const reply = await world.as('alice', '/both/x', withKey(foreign))
      expect(reply.status, foreign).toBe(200)
      expect(world.origin.received.at(-1)?.headers['x-api-key']).toBeUndefined()
    }
  })

  it('a request with both a token and an API key is refused with 400', async () => {
    const { key } = await put()
    expect(await refusedWith(await world.as('alice', '/both/x', withKey(key)))).toEqual([
      400,
      'credential-ambiguous',
      'two kinds',
    ])
  })

  it('a request with an API key in a header and a token in the body is refused', async () => {
    const { key } = await put()
    const send = (forwardedProps: object) =>
      world.gateway.fetch('/in-body', {
        method: 'POST',
        headers: { 'x-api-key': key, 'content-type': 'application/json' },
        body: JSON.stringify({ threadId: 't', runId: 'r', messages: [], forwardedProps }),
      })
    expect(await refusedWith(await send({ authorization: world.alice.authorization }))).toEqual([
      400,
      'credential-ambiguous',
      'two kinds',
    ])
    expect((await send({})).status).toBe(200)
  })

  it('the same API key in two headers counts once, and two different API keys are refused', async () => {
    const [{ key }, { key: other }] = [await put(), await put()]
    expect((await get('/both/x', { 'x-api-key': key, authorization: `Bearer ${key}` })).status).toBe(200)
    expect(await refusedWith(await get('/both/x', { 'x-api-key': other, authorization: `Bearer ${key}` }))).toEqual([
      400,
      'credential-ambiguous',
      'two kinds',
    ])
    const doubled = await get('/both/x', { 'x-api-key': `${key}, ${other}` })
    expect(await refusedWith(doubled)).toEqual([401, 'token-invalid', 'key-form'])
  })
})

describe('requests without a valid key', () => {
  it('a missing API key gets 401 token-missing, and a malformed key token-invalid', async () => {
    expect(await refusedWith(await get('/keys-only/x', {}))).toEqual([401, 'token-missing', undefined])
    expect(await refusedWith(await get('/keys-only/x', { 'x-api-key': 'lsv2_pt_abc' }))).toEqual([
      401,
      'token-invalid',
      'key-form',
    ])
    const reply = await get('/both/x', { 'x-api-key': 'lsv2_pt_abc' })
    expect(reply.headers.get('www-authenticate')).toBe(
      'Bearer realm="both", error="invalid_token", error_description="Token not accepted"',
    )
  })

  it('a route that trusts only API keys refuses a token with 401', async () => {
    expect(await refusedWith(await world.as('alice', '/keys-only/x'))).toEqual([401, 'token-invalid', 'issuer'])
  })
})

describe('expiry and deletion of API keys', () => {
  it('an API key is refused after its expiry, even while the gateway has it in cache', async () => {
    const { key } = await put({ expiresAt: world.gateway.now() + 20 })
    expect((await get('/both/x', { 'x-api-key': key })).status).toBe(200)
    const { exp } = asserted()
    expect(exp).toBeLessThanOrEqual(world.gateway.now() + 20)
    await world.gateway.advance(21)
    expect((await refusedWith(await get('/both/x', { 'x-api-key': key }))).slice(0, 2)).toEqual([401, 'token-expired'])
  })

  it('an API key deleted from KV stays valid in the cache for at most 30 seconds', async () => {
    const { key, name, kv } = await put()
    expect((await get('/both/x', { 'x-api-key': key })).status).toBe(200)
    await kv.delete(name)
    expect((await get('/both/x', { 'x-api-key': key })).status).toBe(200)
    await world.gateway.advance(31)
    expect(await refusedWith(await get('/both/x', { 'x-api-key': key }))).toEqual([401, 'token-invalid', 'key-unknown'])
  })
})

describe('pages and clients of routes with API keys', () => {
  it('CORS allows the x-api-key header only on routes that trust API keys', async () => {
    const ask = (path: string) =>
      world.gateway.fetch(path, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://app.example.com',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'x-api-key',
        },
      })
    expect((await ask('/both/x')).headers.get('access-control-allow-headers')).toContain('x-api-key')
    expect((await ask('/tokens-only/x')).headers.get('access-control-allow-headers') ?? '').not.toContain('x-api-key')
  })

  it('a route that trusts only keys announces no authorization server (RFC 9728)', async () => {
    const metadata = await (await get('/.well-known/oauth-protected-resource/tools', {})).json()
    expect(metadata).toEqual({
      resource: `${world.gateway.url}/tools`,
      resource_name: 'tools',
      bearer_methods_supported: ['header'],
    })
  })

  it('a client can post a JSON body with an API key', async () => {
    const { key } = await put()
    const reply = await world.gateway.fetch('/both/x', json({ text: 'hello' }, { 'x-api-key': key }))
    expect(reply.status).toBe(200)
  })
})
