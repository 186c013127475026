import { generateKeyPairSync } from 'node:crypto'
import { createGzip, gzipSync } from 'node:zlib'
import type { JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Issuer } from '../../../src/config/define'
import { accepted, type FrontDoor, frontDoor, refused, unavailable } from '../../support/front-door'
import { startGateway, type TestGateway } from '../../support/gateway'
import { type Issuers, publicKeys, publishes, type Site, says, startIssuers } from '../../support/issuers'
import { privateKey, publicJwk } from '../../support/keys'
import { type RecordingOrigin, startOrigin } from '../../support/origin'

let issuers: Issuers
let elsewhere: Issuers
let origin: RecordingOrigin
let gateway: TestGateway
let door: FrontDoor

const [good, other, mallory, ec, old] = await Promise.all([
  privateKey('RS256'),
  privateKey('RS256'),
  privateKey('RS256'),
  privateKey('ES256'),
  privateKey('EdDSA'),
])
/** The same key by the name of RFC 9864. */
const renamed: JWK = { ...old, alg: 'Ed25519' }
/** jose makes none below 2048 bits. */
const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' })
const weak = { ...short, kid: 'weak', alg: 'RS256', use: 'sig' } as JWK

const without = (key: JWK, ...names: (keyof JWK)[]): JWK =>
  Object.fromEntries(Object.entries(publicJwk(key)).filter(([name]) => !names.includes(name as keyof JWK))) as JWK
const curves = await Promise.all(Array.from({ length: 5 }, () => privateKey('ES256')))
const padded = (n = '') => Buffer.concat([Buffer.alloc(128), Buffer.from(n, 'base64url')]).toString('base64url')

/** The keys that one issuer publishes, and the tokens that open its route. */
const sets: Record<
  string,
  { keys: unknown; more?: Partial<Issuer>; opens?: JWK[]; closed?: [key: JWK, reason: string][] }
> = {
  plain: { keys: publicKeys(good, ec), opens: [good, ec], closed: [[other, 'key']] },
  'no-alg': { keys: [without(good, 'alg')], opens: [good] },
  'ed25519-old-key': { keys: publicKeys(old), more: { algorithms: ['EdDSA', 'Ed25519'] }, opens: [old, renamed] },
  'ed25519-new-key': { keys: publicKeys(renamed), more: { algorithms: ['EdDSA', 'Ed25519'] }, opens: [old, renamed] },
  'ed25519-alone': {
    keys: publicKeys(old),
    more: { algorithms: ['Ed25519'] },
    opens: [renamed],
    closed: [[old, 'algorithm']],
  },
  'no-use': { keys: [without(good, 'use')], opens: [good] },
  'key-ops': { keys: [{ ...without(good, 'use'), key_ops: ['verify'] }], opens: [good] },
  unknown: { keys: [{ ...publicJwk(good), 'x-vendor': { a: 1 }, x5t: 'x', nbf: 1 }], opens: [good] },
  'enc-key': {
    keys: [...publicKeys(good), { ...publicJwk(other), use: 'enc' }],
    opens: [good],
    closed: [[other, 'key']],
  },
  'odd-use': {
    keys: [...publicKeys(good), { ...publicJwk(other), use: ['sig'] }],
    opens: [good],
    closed: [[other, 'key']],
  },
  'odd-ops': {
    keys: [...publicKeys(good), { ...without(other, 'use'), key_ops: ['encrypt'] }],
    opens: [good],
    closed: [[other, 'key']],
  },
  'weak-key': { keys: publicKeys(weak, good), opens: [good], closed: [[weak, 'key']] },
  'weak-padded': {
    keys: [{ ...publicJwk(weak), n: padded(weak.n) }, publicJwk(good)],
    opens: [good],
    closed: [[weak, 'key']],
  },
  'private-key': { keys: [other, publicJwk(good)], opens: [good], closed: [[other, 'key']] },
  'private-ec': { keys: [ec, publicJwk(good)], opens: [good], closed: [[ec, 'key']] },
  'private-rest': {
    keys: [{ ...publicJwk(other), p: other.p, q: other.q, dp: other.dp, dq: other.dq, qi: other.qi }, publicJwk(good)],
    opens: [good],
    closed: [[other, 'key']],
  },
  'oct-key': {
    keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: other.kid, alg: 'RS256' }, publicJwk(good)],
    opens: [good],
    closed: [[other, 'key']],
  },
  'oct-member': {
    keys: [{ ...publicJwk(other), k: 'c2VjcmV0' }, publicJwk(good)],
    opens: [good],
    closed: [[other, 'key']],
  },
  'other-alg': { keys: [{ ...publicJwk(good), alg: 'RS512' }, publicJwk(ec)], opens: [ec], closed: [[good, 'key']] },
  rubbish: {
    keys: [
      null,
      42,
      'x',
      [],
      {},
      { kty: 'RSA' },
      { kty: 'RSA', n: 1 },
      { kty: 'EC', crv: 'P-256', x: '!', y: '!' },
      publicJwk(good),
    ],
    opens: [good],
  },
  damaged: {
    keys: [{ ...publicJwk(ec), kid: 'damaged', y: ec.x }, { ...publicJwk(other), kid: 'odd', e: '' }, publicJwk(good)],
    opens: [good],
  },
  four: { keys: publicKeys(...curves.slice(1)), opens: curves.slice(1) },
  five: { keys: publicKeys(...curves), opens: curves },
  same: { keys: publicKeys(good, good), opens: [good] },
  leaked: { keys: [other, { ...publicJwk(other), kid: 'public' }, publicJwk(good)], opens: [good] },
  twins: { keys: [publicJwk(good), { ...publicJwk(ec), kid: good.kid }], opens: [good] },
  many: {
    keys: [
      publicJwk(good),
      ...Array.from({ length: 150 }, (_, i) => ({ ...without(other, 'n'), n: other.n, kid: `k${i}` })),
    ],
    opens: [good],
  },
}

/** Sets in which there is nothing to verify with. */
const empty: Record<string, unknown> = {
  'only-enc': [{ ...publicJwk(good), use: 'enc' }],
  'only-weak': publicKeys(weak),
  'only-private': [good],
  'only-oct': [{ kty: 'oct', k: 'c2VjcmV0' }],
  none: [],
  'not-list': { 0: good },
  nothing: null,
}

/** Answers that are no key set, or not from where one may come. */
const wrong: Record<string, { site: () => Site; says: RegExp; more?: () => Partial<Issuer> }> = {
  'other-issuer': {
    site: () => ({
      discovery: says(200, { issuer: issuers.issuer('plain'), jwks_uri: `${issuers.issuer('plain')}/jwks` }),
    }),
    says: /names another issuer/,
  },
  'issuer-slash': {
    site: () => ({
      discovery: says(200, { issuer: `${issuers.issuer('issuer-slash')}/`, jwks_uri: `${issuers.url}/x` }),
    }),
    says: /names another issuer/,
  },
  'no-issuer': {
    site: () => ({ discovery: says(200, { jwks_uri: `${issuers.url}/plain/jwks` }) }),
    says: /another issuer/,
  },
  'no-jwks-uri': {
    site: () => ({ discovery: says(200, { issuer: issuers.issuer('no-jwks-uri') }) }),
    says: /on another host/,
  },
  'foreign-jwks': {
    site: () => ({
      discovery: says(200, { issuer: issuers.issuer('foreign-jwks'), jwks_uri: `${elsewhere.url}/any/jwks` }),
    }),
    says: /on another host; pin jwksUri/,
  },
  'data-jwks': {
    site: () => ({
      discovery: says(200, { issuer: issuers.issuer('data-jwks'), jwks_uri: 'data:application/json,{}' }),
    }),
    says: /on another host/,
  },
  'discovery-moved': {
    site: () => ({ discovery: says(302, '', { location: `${elsewhere.url}/any/.well-known/openid-configuration` }) }),
    says: /status 302/,
  },
  'keys-moved': {
    site: () => ({ jwks: says(307, '', { location: `${elsewhere.url}/any/jwks` }) }),
    says: /status 307/,
  },
  'keys-moved-near': {
    site: () => ({ jwks: says(301, '', { location: `${issuers.issuer('plain')}/jwks` }) }),
    says: /status 301/,
  },
  'pinned-moved': {
    site: () => ({ jwks: says(302, '', { location: `${elsewhere.url}/any/jwks` }) }),
    says: /status 302/,
    more: () => ({ jwksUri: `${issuers.issuer('pinned-moved')}/jwks` }),
  },
  'not-found': { site: () => ({ discovery: says(404) }), says: /status 404/ },
  'no-content': { site: () => ({ jwks: says(204) }), says: /status 204/ },
  'server-error': { site: () => ({ jwks: says(500, { keys: publicKeys(good) }) }), says: /status 500/ },
  'a-page': {
    site: () => ({ jwks: says(200, '<html>secret</html>', { 'content-type': 'text/html' }) }),
    says: /not JSON/,
  },
  'bare-null': { site: () => ({ jwks: says(200, 'null') }), says: /no usable key/ },
  'bare-list': { site: () => ({ jwks: says(200, publicKeys(good)) }), says: /no usable key/ },
  'null-document': { site: () => ({ discovery: says(200, 'null') }), says: /names another issuer/ },
}

/** Bytes that a server tried to send for the set of this name before it was cut off. */
const sent = new Map<string, number>()
const endless: Record<string, Site> = {
  'huge-keys': {
    jwks(_request, response) {
      response.writeHead(200, { 'content-type': 'application/json' })
      pour('huge-keys', (chunk) => response.write(chunk), response)
    },
  },
  'huge-length': {
    jwks(_request, response) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '200000000' })
      pour('huge-length', (chunk) => response.write(chunk), response)
    },
  },
  'huge-discovery': {
    discovery(_request, response) {
      response.writeHead(200, { 'content-type': 'application/json' })
      pour('huge-discovery', (chunk) => response.write(chunk), response)
    },
  },
  'gzip-bomb': {
    jwks(_request, response) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      response.end(gzipSync(Buffer.alloc(200_000_000, ' ')))
    },
  },
  'gzip-stream': {
    jwks(_request, response) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      const gzip = createGzip()
      gzip.pipe(response)
      pour('gzip-stream', (chunk) => gzip.write(chunk), response)
    },
  },
}

/** 200 MB, as fast as they are taken. */
function pour(
  name: string,
  write: (chunk: Buffer) => boolean,
  response: { on(event: 'close', then: () => void): unknown },
) {
  const chunk = Buffer.alloc(65_536, ' ')
  let isOpen = true
  response.on('close', () => {
    isOpen = false
  })
  const step = () => {
    const total = sent.get(name) ?? 0
    if (!isOpen || total >= 200_000_000) return
    sent.set(name, total + chunk.length)
    if (write(chunk)) setImmediate(step)
    else setTimeout(step, 1)
  }
  step()
}

beforeAll(async () => {
  ;[issuers, elsewhere, origin] = await Promise.all([startIssuers(), startIssuers(), startOrigin()])
  elsewhere.set('any', {
    discovery: says(200, { issuer: elsewhere.issuer('any'), jwks_uri: `${elsewhere.issuer('any')}/jwks` }),
    jwks: publishes(publicKeys(mallory)),
  })
  for (const [name, { keys }] of Object.entries(sets)) issuers.set(name, { jwks: publishes(keys) })
  for (const [name, keys] of Object.entries(empty)) issuers.set(name, { jwks: publishes(keys) })
  for (const [name, { site }] of Object.entries(wrong))
    issuers.set(name, { jwks: publishes(publicKeys(good)), ...site() })
  for (const [name, site] of Object.entries(endless)) issuers.set(name, site)
  const slashed = `${issuers.issuer('slashed')}/`
  issuers.set('slashed', {
    discovery: says(200, { issuer: slashed, jwks_uri: `${slashed}jwks` }),
    jwks: publishes(publicKeys(good)),
  })
  elsewhere.set('pinned', { jwks: publishes(publicKeys(good)) })
  gateway = await startGateway({
    routes: [
      ...[...Object.keys(sets), ...Object.keys(empty), ...Object.keys(endless)].map((name) =>
        issuers.route(name, origin.url, sets[name]?.more),
      ),
      ...Object.entries(wrong).map(([name, { more }]) => issuers.route(name, origin.url, more?.())),
      issuers.route('slashed', origin.url, { issuer: slashed }),
      issuers.route('pinned', origin.url, { jwksUri: `${elsewhere.issuer('pinned')}/jwks` }),
    ],
  })
  door = frontDoor(gateway, origin)
})
afterAll(async () => {
  await gateway?.close()
  await Promise.all([origin?.close(), issuers?.close(), elsewhere?.close()])
})

/** The gateway's line about an issuer whose keys it could not fetch. */
const complaint = (issuer: string) =>
  gateway.logs
    .filter((line) => line.startsWith('{"event":"keys-unreachable"'))
    .map((line) => JSON.parse(line) as { issuer: string; reason: string })
    .find((line) => line.issuer === issuer)?.reason

describe('keys in a set', () => {
  it.each(Object.entries(sets))(
    'the gateway uses only permitted keys of the key set "%s" (S9, S1)',
    async (name, { opens = [], closed = [] }) => {
      expect(opens.length).toBeGreaterThan(0)
      for (const key of opens) expect(await door.knock(issuers.token(name, key), `/${name}`)).toEqual(accepted)
      for (const [key, reason] of closed)
        expect(await door.knock(issuers.token(name, key), `/${name}`)).toEqual(refused(reason))
      for (const key of opens) expect(await door.knock(issuers.token(name, key), `/${name}`)).toEqual(accepted)
    },
  )

  it('a published key without alg verifies only tokens with an algorithm that its issuer and its key type allow (S1)', async () => {
    expect(await door.knock(issuers.token('no-alg', good, {}, { alg: 'PS256' }), '/no-alg')).toEqual(
      refused('algorithm'),
    )
    expect(await door.knock(issuers.token('no-alg', good, {}, { alg: 'ES256' }), '/no-alg')).toEqual(refused('key'))
  })

  it('a token without kid is accepted if at most four keys fit it, and refused if five keys fit it (S5)', async () => {
    const token = (name: string, key: JWK) => issuers.token(name, key, {}, { kid: undefined })
    expect(await door.knock(token('plain', good), '/plain')).toEqual(accepted)
    for (const key of [good, other]) expect(await door.knock(token('many', key), '/many')).toEqual(accepted)
    const outcomes = []
    for (const key of curves) outcomes.push(await door.knock(token('five', key), '/five'))
    // With five keys the gateway does not try each of them.
    expect(outcomes).toEqual(Array(5).fill(refused('key')))
    for (const key of curves.slice(1)) expect(await door.knock(token('four', key), '/four')).toEqual(accepted)
    expect(await door.knock(token('four', ec), '/four')).toEqual(refused('signature'))
  })

  it('a token is accepted if its key is in the key set twice', async () => {
    for (const header of [{}, { kid: undefined }])
      expect(await door.knock(issuers.token('same', good, {}, header), '/same')).toEqual(accepted)
  })

  it('a key that is published with its private part is not used, even under another kid (S9)', async () => {
    const leaked = issuers.token('leaked', other, {}, { kid: 'public' })
    expect(await door.knock(leaked, '/leaked')).toEqual(refused('key'))
    expect(await door.knock(issuers.token('leaked', good), '/leaked')).toEqual(accepted)
  })

  it('the gateway uses only the first hundred keys of a key set (S9)', async () => {
    for (const [kid, outcome] of [
      ['k0', accepted],
      ['k98', accepted],
      ['k99', refused('key')],
    ] as const)
      expect(await door.knock(issuers.token('many', other, {}, { kid }), '/many')).toEqual(outcome)
  })

  it.each(Object.keys(empty))(
    'a token gets keys-unavailable if the key set "%s" has no usable key (S9, invariant 7)',
    async (name) => {
      const key = name === 'only-weak' ? weak : good
      expect(await door.knock(issuers.token(name, key), `/${name}`)).toEqual(unavailable(name))
      expect(complaint(name)).toBe('the key set has no usable key')
    },
  )

  it('a token that names a damaged key gets keys-unavailable, not token-invalid (S9)', async () => {
    const outcome = await door.knock(issuers.token('damaged', ec, {}, { kid: 'damaged' }), '/damaged')
    // The reason is the platform's name for the fault.
    expect(outcome).toEqual({ ...unavailable('damaged'), reason: expect.any(String) })
  })
})

describe('sources of keys', () => {
  it.each(Object.entries(wrong))(
    'the gateway takes no keys from the faulty source "%s" (S12, X3)',
    async (name, { says: reason }) => {
      for (const key of [good, mallory])
        expect(await door.knock(issuers.token(name, key), `/${name}`)).toEqual(unavailable(name))
      expect(complaint(name)).toMatch(reason)
      expect(complaint(name)).not.toContain('secret')
    },
  )

  it('the gateway requests no keys from an address in a redirect or in a discovery document of another host (X3)', () => {
    expect(elsewhere.asked('any')).toBe(0)
    expect(elsewhere.asked('any', '.well-known/openid-configuration')).toBe(0)
  })

  it('a fetch of keys contains no data of the caller, and tells caches not to answer (T8)', async () => {
    const token = issuers.token('plain', good)
    expect(await door.knock(token, '/plain')).toEqual(accepted)
    const received = issuers.received('plain')
    expect(received.length).toBeGreaterThanOrEqual(2)
    expect(new Set(received.map(({ method, body }) => `${method} ${body}`))).toEqual(new Set(['GET ']))
    for (const { headers } of received) {
      expect(headers).toMatchObject({ accept: 'application/json', 'cache-control': 'no-cache' })
      for (const name of ['authorization', 'cookie', 'traceparent', 'via', 'x-forwarded-for'])
        expect(headers).not.toHaveProperty(name)
    }
    for (const part of token.split('.')) expect(JSON.stringify(received)).not.toContain(part)
  })

  it('the discovery document of an issuer that ends in a slash is requested without a second slash (S12)', async () => {
    const token = issuers.token('slashed', good, { iss: `${issuers.issuer('slashed')}/` })
    expect(await door.knock(token, '/slashed')).toEqual(accepted)
    expect(await door.knock(issuers.token('slashed', good), '/slashed')).toEqual(refused('issuer'))
    expect(issuers.asked('slashed', '.well-known/openid-configuration')).toBe(1)
  })

  it('keys may be on another host if jwksUri is set, and the gateway then requests no discovery document (S12)', async () => {
    expect(await door.knock(issuers.token('pinned', good), '/pinned')).toEqual(accepted)
    expect(elsewhere.asked('pinned')).toBe(1)
    expect(issuers.asked('pinned', '.well-known/openid-configuration')).toBe(0)
  })
})

describe('endless key sets', () => {
  it.each(Object.keys(endless))(
    'the endless answer "%s" is cut off at 262144 bytes, while other requests are answered (T27, F3)',
    async (name) => {
      const started = performance.now()
      const [outcome, ...others] = await Promise.all([
        door.knock(issuers.token(name, good), `/${name}`),
        ...Array.from({ length: 5 }, () => door.knock(issuers.token('plain', good), '/plain')),
      ])
      expect(outcome).toEqual(unavailable(name))
      expect(others).toEqual(others.map(() => accepted))
      expect(complaint(name)).toBe('more than 262144 bytes')
      expect(performance.now() - started).toBeLessThan(5000)
      // The bytes beyond the cap are those that the sockets on the way hold.
      if (name.startsWith('huge')) expect(sent.get(name)).toBeLessThan(20_000_000)
    },
  )

  it('a key set just below the limit of 262144 bytes is used (T27)', async () => {
    const keys = [publicJwk(good), { kty: 'EC', pad: 'x'.repeat(260_000) }]
    issuers.set('huge-discovery', { jwks: publishes(keys) })
    await gateway.setClock(60)
    expect(await door.knock(issuers.token('huge-discovery', good), '/huge-discovery')).toEqual(accepted)
    await gateway.setClock(0)
  })
})

it('after the tests of published keys, the log contains no part of any token (S18)', () => {
  expect(door.leakedIntoLogs()).toEqual([])
})
