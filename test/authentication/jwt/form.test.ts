import { CompactEncrypt, generateSecret, importJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { forge, goodClaims, openHttp, routeOf } from '../../support/fixtures'
import { accepted, type FrontDoor, frontDoor, malformed, type Outcome, refused } from '../../support/front-door'
import { privateKey, publicJwk } from '../../support/keys'
import { startOrigin } from '../../support/origin'
import { sendRaw } from '../../support/raw'
import { segment, signRaw, signSymmetric, spellings } from '../../support/tokens'
import { openWorld, type World } from '../../support/world'

let world: World
let door: FrontDoor
let good: string

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => [
    routeOf(openHttp(url), [issuer]),
    routeOf(openHttp(url), [{ ...issuer, id: 'strict', tokenType: 'at+jwt' }], { id: 'strict', path: '/strict' }),
    routeOf(openHttp(url), [{ ...issuer, id: 'ids', tokenType: 'id-token' }], { id: 'ids', path: '/ids' }),
    routeOf(openHttp(url), [{ ...issuer, id: 'pss', algorithms: ['RS256', 'PS256'] }], { id: 'pss', path: '/pss' }),
  ])
  door = frontDoor(world.gateway, world.origin)
  good = await forge(world.provider)
})
afterAll(() => world?.close())

const rsa = () => world.provider.keys.RS256
const claims = () => goodClaims(world.provider.issuer)
/** A good token but for its header, signed as it is. */
const withHeader = (header: object) =>
  signRaw({ alg: 'RS256', kid: rsa().kid, typ: 'at+jwt', ...header }, claims(), rsa())
const parts = () => good.split('.') as [string, string, string]

describe('good tokens', () => {
  it.each(['RS256', 'ES256'] as const)(
    'the %s token that the identity provider issued is accepted',
    async (algorithm) => {
      expect(await door.knock(await world.provider.token('alice', { algorithm }))).toEqual(accepted)
    },
  )

  it.each(['/agents/http', '/strict', '/pss'])(
    'the valid token that all form tests are derived from is accepted on the route %s',
    async (path) => {
      expect(await door.knock(good, path)).toEqual(accepted)
      expect(await door.knock(withHeader({}), path)).toEqual(accepted)
    },
  )
})

describe('the header member alg', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', 'ｎone', '', 'RS256 ', 'rs256', 'HS256', 'RSA1_5', 'dir'])(
    'a token with alg "%s" in its header is refused, although its RS256 signature is right (S1)',
    async (alg) => {
      expect(await door.knock(withHeader({ alg }))).toEqual(refused('algorithm'))
    },
  )

  it.each(['none', 'None', 'nOnE'])(
    'a token with alg "%s" is refused without a signature or with a wrong signature (S1, T20)',
    async (alg) => {
      const [, payload] = parts()
      for (const signature of ['', parts()[2], 'AA']) {
        const outcome = await door.knock(`${segment({ alg, typ: 'at+jwt' })}.${payload}.${signature}`)
        expect(outcome).toEqual(refused(signature === '' ? 'form' : 'algorithm'))
      }
    },
  )

  it.each([null, 256, true, ['RS256'], { alg: 'RS256' }, undefined])(
    'a token with %j instead of the name of an algorithm is refused (S1)',
    async (alg) => {
      expect(await door.knock(withHeader({ alg }))).toEqual(refused('algorithm'))
    },
  )

  it.each(['PEM', 'PEM without line ends', 'DER', 'JWK', 'modulus'] as const)(
    'an HS256 token is refused if its secret is the public RSA key of the issuer, written as %s (S1, T20)',
    async (spelling) => {
      const header = { kid: rsa().kid, typ: 'at+jwt' }
      const token = signSymmetric(header, claims(), spellings(rsa())[spelling])
      for (const path of ['/agents/http', '/pss']) expect(await door.knock(token, path)).toEqual(refused('algorithm'))
    },
  )

  it('a PS256 token made with an RS256 key is refused, whether or not the issuer may use PS256 (S1)', async () => {
    const token = signRaw({ alg: 'PS256', kid: rsa().kid, typ: 'at+jwt' }, claims(), rsa(), 'PS256')
    expect(await door.knock(token)).toEqual(refused('algorithm'))
    expect(await door.knock(token, '/pss')).toEqual(refused('key'))
  })

  it('a token is refused if its header names another algorithm than the algorithm of its key (S1)', async () => {
    const { RS256, ES256 } = world.provider.keys
    const header = { alg: 'ES256', kid: RS256.kid, typ: 'at+jwt' }
    expect(await door.knock(signRaw(header, claims(), ES256))).toEqual(refused('key'))
    expect(await door.knock(signRaw({ ...header, alg: 'RS256' }, claims(), ES256))).toEqual(refused('signature'))
  })
})

describe('the compact form', () => {
  it('an encrypted token of five parts is refused, and is not decrypted (S2)', async () => {
    const key = await importJWK(publicJwk(rsa()), 'RSA-OAEP-256')
    const jwe = await new CompactEncrypt(Buffer.from(good))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT', kid: rsa().kid ?? '' })
      .encrypt(key)
    expect(jwe.split('.')).toHaveLength(5)
    expect(await door.knock(jwe)).toEqual(refused('encrypted'))
  })

  it.each([
    ['PBES2 with 2^31 rounds', { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31, p2s: 'c2FsdA' }],
    ['deflated content', { alg: 'dir', enc: 'A128GCM', zip: 'DEF' }],
  ])('a JWE with %s is refused before any work on it (S6)', async (_what, header) => {
    const started = performance.now()
    expect(await door.knock(`${segment(header)}.AAAA.AAAA.AAAA.AAAA`)).toEqual(refused('encrypted'))
    expect(await door.knock(`${segment(header)}.AAAA.AAAA`)).toEqual(refused('form'))
    expect(performance.now() - started).toBeLessThan(1000)
  })

  it('a valid JWE with a compressed payload is refused (S6)', async () => {
    const jwe = await new CompactEncrypt(Buffer.alloc(200_000))
      .setProtectedHeader({ alg: 'dir', enc: 'A128GCM', zip: 'DEF' })
      .encrypt(await generateSecret('A128GCM'))
    expect(await door.knock(jwe)).toEqual(refused('encrypted'))
  })

  it.each<[string, () => string, Outcome]>([
    ['one padding sign', () => `${good}=`, refused('form')],
    ['two padding signs', () => `${good}==`, refused('form')],
    ['padding inside', () => good.replace('.', '=.'), malformed],
    ['a space inside the signature', () => `${good.slice(0, -4)} ${good.slice(-4)}`, malformed],
    ['a tab inside', () => good.replace('.', '.\t'), malformed],
    ['a second token after a space', () => `${good} ${good}`, malformed],
    ['a second token after a comma', () => `${good},${good}`, malformed],
    ['quotation marks', () => `"${good}"`, malformed],
    ['encoded dots', () => good.replaceAll('.', '%2E'), malformed],
    ['a dot of another script', () => good.replace('.', '\u00b7'), malformed],
    ['base64 instead of base64url', () => good.replace(/[-_]/, '+'), refused('form')],
    ['a tilde', () => `${good.slice(0, -1)}~`, refused('form')],
    ['a fourth, empty part', () => `${good}.`, refused('form')],
    ['an empty first part', () => `.${good}`, refused('form')],
    ['a fourth part', () => `${good}.AAAA`, refused('form')],
    ['no signature', () => parts().slice(0, 2).join('.'), refused('form')],
    ['an empty signature', () => `${parts().slice(0, 2).join('.')}.`, refused('form')],
    ['an empty payload', () => `${parts()[0]}..${parts()[2]}`, refused('form')],
    ['an empty header', () => `.${parts()[1]}.${parts()[2]}`, refused('form')],
    ['two dots', () => '..', refused('form')],
    ['one dot', () => '.', refused('form')],
    ['one segment', () => 'AAAA', refused('form')],
    ['ten segments', () => Array(10).fill('AAAA').join('.'), refused('form')],
    ['a segment of impossible length', () => `${parts()[0]}.${parts()[1]}.AAAAA`, refused('form')],
    ['16 KB and one', () => good + 'A'.repeat(16_385 - good.length), refused('form')],
    ['60 KB', () => `${parts()[0]}.${'A'.repeat(60_000)}.${parts()[2]}`, refused('form')],
  ])('a token with %s is refused (S3)', async (_what, make, outcome) => {
    expect(await door.knock(make())).toEqual(outcome)
  })

  it('a token is refused if its last character is replaced by another that decodes to the same bytes (S3)', async () => {
    const last = good.at(-1) ?? ''
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const from = Math.floor(alphabet.indexOf(last) / 16) * 16
    const others = [...alphabet.slice(from, from + 16)].filter((character) => character !== last)
    expect(others).toHaveLength(15)
    for (const other of others) {
      const respelled = good.slice(0, -1) + other
      expect(Buffer.from(respelled.split('.')[2] ?? '', 'base64url')).toEqual(Buffer.from(parts()[2], 'base64url'))
      expect(await door.knock(respelled)).toEqual(refused('form'))
    }
  })

  it.each<[string, (header: string, payload: string, signature: string) => unknown]>([
    ['flattened', (header, payload, signature) => ({ protected: header, payload, signature })],
    ['general', (header, payload, signature) => ({ payload, signatures: [{ protected: header, signature }] })],
  ])(
    'a token in the %s JSON serialisation is refused, plain and encoded in base64url (S3)',
    async (_form, serialise) => {
      const text = JSON.stringify(serialise(...parts()))
      expect(await door.knock(text)).toEqual(malformed)
      expect(await door.knock(segment(text))).toEqual(refused('opaque'))
      expect(await door.knock(`${segment(text)}.${parts()[1]}.${parts()[2]}`)).toEqual(refused('algorithm'))
    },
  )

  it.each([
    ['a NUL', (token: string) => token.replace('.', '\0.')],
    ['a bare line feed', (token: string) => token.replace('.', '\n.')],
    ['a bare carriage return', (token: string) => token.replace('.', '\r.')],
    ['a folded line', (token: string) => token.replace('.', '\r\n .')],
    ['a vertical tab at its end', (token: string) => `${token}\v`],
    ['a non-breaking space at its end', (token: string) => `${token}\u00a0`],
    ['a byte order mark before it', (token: string) => `\ufeff${token}`],
  ])('a token with %s is refused if it is sent as raw bytes (S3)', async (_what, spoil) => {
    const before = world.origin.received.length
    const request = (token: string) =>
      `GET /agents/http/raw HTTP/1.1\r\nHost: ${new URL(world.gateway.url).host}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`
    expect(await sendRaw(world.gateway.url, Buffer.from(request(spoil(good))))).toMatch(/^HTTP\/1\.1 4\d\d |^$/)
    expect(world.origin.received).toHaveLength(before)
    expect(await sendRaw(world.gateway.url, request(good))).toMatch(/^HTTP\/1\.1 200 /)
  })

  it.each<[string, string | Buffer, string]>([
    ['no JSON', 'alg=RS256', 'form'],
    ['half a JSON', '{"alg":"RS256"', 'form'],
    ['an array', '["RS256"]', 'form'],
    ['null', 'null', 'form'],
    ['a text', '"RS256"', 'form'],
    ['an empty object', '{}', 'algorithm'],
    ['JSON after a byte order mark', '\ufeff{"alg":"RS256"}', 'form'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'form'],
    ['3000 nested arrays', '['.repeat(3000) + ']'.repeat(3000), 'form'],
  ])('a token with a header that is %s is refused (S3)', async (_what, header, reason) => {
    const encoded = Buffer.from(header).toString('base64url')
    expect(await door.knock(`${encoded}.${parts()[1]}.${parts()[2]}`)).toEqual(refused(reason))
  })

  it.each([
    ['no JSON', 'iss=alice'],
    ['an array', '["alice"]'],
    ['null', 'null'],
    ['a text', '"alice"'],
    ['a token in a token', () => good],
    ['3000 nested arrays', '['.repeat(3000) + ']'.repeat(3000)],
  ])('a token with a signed payload that is %s is refused (S3)', async (_what, payload) => {
    const text = typeof payload === 'string' ? payload : payload()
    const header = { alg: 'RS256', kid: rsa().kid, typ: 'at+jwt' }
    expect(await door.knock(signRaw(header, text, rsa()))).toEqual(refused('form'))
  })
})

describe('the kind of token', () => {
  const yes = accepted
  const no = refused('type')
  it.each<[unknown, Outcome, Outcome, Outcome]>([
    // typ, access-token, at+jwt, id-token
    ['JWT', yes, no, yes],
    ['jwt', yes, no, yes],
    ['application/JWT', yes, no, yes],
    ['at+jwt', yes, yes, no],
    ['AT+JWT', yes, yes, no],
    ['application/at+jwt', yes, yes, no],
    ['Application/AT+jwt', yes, yes, no],
    [undefined, yes, no, yes],
    ['dpop+jwt', no, no, no],
    ['logout+jwt', no, no, no],
    ['secevent+jwt', no, no, no],
    ['application/secevent+jwt', no, no, no],
    ['sallyport+jwt', no, no, no],
    ['txntoken+jwt', no, no, no],
    ['token-introspection+jwt', no, no, no],
    ['JOSE', yes, no, yes],
    ['JWS', no, no, no],
    ['application/application/at+jwt', no, no, no],
    ['text/at+jwt', no, no, no],
    ['at+jwt ', no, no, no],
    ['at+jwt; charset=utf-8', no, no, no],
    ['', no, no, no],
    [null, no, no, no],
    [1, no, no, no],
    [['at+jwt'], no, no, no],
  ])(
    'a token with the header typ %j is accepted only on routes that accept this kind of token (S4)',
    async (typ, asAccessToken, asAtJwt, asIdToken) => {
      const token = withHeader({ typ })
      expect(await door.knock(token)).toEqual(asAccessToken)
      expect(await door.knock(token, '/strict')).toEqual(asAtJwt)
      expect(await door.knock(token, '/ids')).toEqual(asIdToken)
    },
  )

  const both = accepted
  it.each<[Record<string, unknown>, Outcome, Outcome]>([
    [{ at_hash: 'x' }, refused('id-token'), accepted],
    [{ c_hash: 'x' }, refused('id-token'), accepted],
    [{ s_hash: 'x' }, refused('id-token'), accepted],
    [{ typ: 'ID' }, refused('id-token'), accepted],
    [{ token_use: 'id' }, refused('id-token'), accepted],
    // Some providers put the nonce of the sign-in into access tokens too, beside what marks these.
    [{ nonce: 'x' }, refused('id-token'), accepted],
    [{ nonce: 'x', scope: 'openid' }, both, both],
    [{ nonce: 'x', scp: ['openid'] }, both, both],
    [{ nonce: 'x', at_hash: 'x' }, refused('id-token'), accepted],
    [{ typ: 'Bearer', nonce: 'x' }, accepted, refused('type')],
    [{ token_use: 'access' }, accepted, refused('type')],
    [{ typ: 'Refresh' }, refused('refresh-token'), refused('refresh-token')],
    [{ typ: 'Offline' }, refused('refresh-token'), refused('refresh-token')],
    [{ token_use: 'refresh' }, refused('refresh-token'), refused('refresh-token')],
    [{ typ: 'Logout' }, refused('logout-token'), refused('logout-token')],
    [
      { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
      refused('logout-token'),
      refused('logout-token'),
    ],
    [{ typ: ['JWT', 'Id'] }, refused('id-token'), accepted],
    [{ typ: 7, token_use: { id: 'id' }, events: 'x' }, both, both],
  ])(
    'a token with the claims %j is accepted only on routes that accept the kind of token with such claims (S4)',
    async (claims, asAccessToken, asIdToken) => {
      const token = await forge(world.provider, { header: { typ: 'JWT' }, claims })
      expect(await door.knock(token)).toEqual(asAccessToken)
      expect(await door.knock(token, '/ids')).toEqual(asIdToken)
    },
  )

  it('an assertion that the gateway signed is refused as a token (S4)', async () => {
    expect(await door.knock(good)).toEqual(accepted)
    const assertion = String(world.origin.last().headers['x-sallyport-assertion'])
    expect(assertion.split('.')).toHaveLength(3)
    expect(await door.knock(assertion)).toEqual(refused('issuer'))
  })
})

describe('header members that a caller may have written', () => {
  it.each<[string, unknown, string]>([
    ['a path', '../../x', 'key'],
    ['SQL', "' OR 1=1 --", 'key'],
    ['a URL', 'http://127.0.0.1:1/key', 'key'],
    ['the name of a prototype', '__proto__', 'key'],
    ['another prototype', 'constructor', 'key'],
    ['no character', '', 'key'],
    ['256 characters', 'k'.repeat(256), 'key'],
    ['257 characters', 'k'.repeat(257), 'header'],
    ['8 KB', 'k'.repeat(8192), 'header'],
    ['64 KB', 'k'.repeat(65_536), 'form'],
    ['an array', ['a'], 'header'],
    ['a number', 1, 'header'],
    ['an object', { kid: 'a' }, 'header'],
    ['null', null, 'header'],
    ['true', true, 'header'],
  ])('a token with a kid that is %s is refused (S5)', async (_what, kid, reason) => {
    // By then another key may be looked up.
    if (reason === 'key') await world.gateway.advance(10)
    expect(await door.knock(withHeader({ kid }))).toEqual(refused(reason))
  })

  it('a token without kid is accepted if a single key fits its algorithm (S5)', async () => {
    expect(await door.knock(withHeader({ kid: undefined }))).toEqual(accepted)
  })

  it('the gateway does not follow jku or x5u in a token header, or trust jwk or x5c (S5, X3)', async () => {
    const mallory = await privateKey('RS256')
    const listener = await startOrigin((_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ keys: [publicJwk(mallory)] }))
    })
    const lures = {
      jku: `${listener.url}/jwks`,
      x5u: `${listener.url}/cert.pem`,
      jwk: publicJwk(mallory),
      x5c: [Buffer.from('certificate').toString('base64')],
    }
    for (const [kid, reason] of [
      [mallory.kid, 'key'],
      [rsa().kid, 'signature'],
      [undefined, 'signature'],
    ] as const) {
      const header = { alg: 'RS256', kid, typ: 'at+jwt', ...lures }
      await world.gateway.advance(10)
      expect(await door.knock(signRaw(header, claims(), mallory))).toEqual(refused(reason))
    }
    await world.gateway.setClock(0)
    // They are not even looked at: with the right key they do no harm.
    expect(await door.knock(withHeader(lures))).toEqual(accepted)
    expect(listener.received).toHaveLength(0)
    await listener.close()
  })

  it.each<[string, object]>([
    ['S8 and T22: an unknown crit', { crit: ['x'], x: 1 }],
    ['S8 and T22: a crit that names what is missing', { crit: ['x'] }],
    ['S8: an empty crit', { crit: [] }],
    ['S8: a crit that is no list', { crit: 'exp' }],
    ['S8: crit null', { crit: null }],
    ['S8: crit of a registered name', { crit: ['exp'], exp: 1 }],
    ['S8: b64 false with crit', { crit: ['b64'], b64: false }],
    ['S8: b64 true with crit', { crit: ['b64'], b64: true }],
    ['S8: b64 false without crit', { b64: false }],
    ['S8: b64 true without crit', { b64: true }],
    ['S2: enc', { enc: 'A128GCM' }],
  ])('%s in the header of a token is refused', async (_what, header) => {
    expect(await door.knock(withHeader(header))).toEqual(refused('critical'))
  })

  it.each<[string, object]>([
    ['zip, as LinkedIn writes it', { zip: 'RS256' }],
    ['cty', { cty: 'JWT' }],
    ['an unknown name', { 'https://example.com/x': true }],
  ])('%s in the header of a token without crit is ignored', async (_what, header) => {
    expect(await door.knock(withHeader(header))).toEqual(accepted)
  })

  it('the last alg counts everywhere if a token header has two (S7)', async () => {
    const header = (first: string, last: string) =>
      `{"typ":"at+jwt","kid":"${rsa().kid}","alg":"${first}","alg":"${last}"}`
    expect(await door.knock(signRaw(header('none', 'RS256'), claims(), rsa()))).toEqual(accepted)
    expect(await door.knock(signRaw(header('RS256', 'none'), claims(), rsa()))).toEqual(refused('algorithm'))
  })
})

it('after the tests of token forms, the log contains no part of any token (S18)', () => {
  expect(world.gateway.audit.length).toBeGreaterThan(100)
  expect(door.leakedIntoLogs()).toEqual([])
})
