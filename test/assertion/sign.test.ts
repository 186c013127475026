import { decodeJwt, decodeProtectedHeader } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { AssertionRules, Binding } from '../../src/assertion/claims'
import { readSigningKeys, type SigningKeys } from '../../src/assertion/keys'
import { createSigner } from '../../src/assertion/sign'
import type { Principal } from '../../src/authentication/principal'
import { signingKeys } from '../support/keys'

let keys: SigningKeys
let now = 1_800_000_000_000

beforeAll(async () => {
  keys = await readSigningKeys(JSON.stringify(await signingKeys()))
})

const ports = {
  fetch: () => Promise.reject(new Error('no network')),
  now: () => now,
  after: () => () => undefined,
  randomId: () => 'id',
  emit: () => undefined,
  log: () => undefined,
}
const signer = () => createSigner('https://gate.test', async () => keys, ports)

const person = (more: Partial<Principal> = {}): Principal =>
  ({
    issuer: 'https://login.test',
    identityProvider: 'https://login.test',
    issuerId: 'login',
    subject: 'alice',
    userId: 'alice',
    kind: 'user',
    roles: ['admin'],
    scopes: [],
    tenant: undefined,
    email: undefined,
    name: undefined,
    client: undefined,
    claims: {},
    expiresAt: now / 1000 + 3600,
    ...more,
  }) as Principal
const rules: AssertionRules = { audience: 'a', algorithm: 'ES256', lifetimeSeconds: 60, claims: [], bind: 'none' }
const binding: Binding = { route: 'r', method: 'GET', uri: '/x', thread: undefined, body: undefined }

describe('reuse of assertions (invariant 10)', () => {
  const differing: [string, Partial<Principal>, Partial<AssertionRules>, 'bearer' | 'header'][] = [
    ['another person', { userId: 'bob', subject: 'bob' }, {}, 'header'],
    [
      'the same subject of another issuer',
      { issuer: 'https://other.test', identityProvider: 'https://other.test' },
      {},
      'header',
    ],
    ['a person who has lost a role', { roles: [] }, {}, 'header'],
    ['another tenant', { tenant: 'other' }, {}, 'header'],
    ['a token that ends sooner', { expiresAt: now / 1000 + 30 }, {}, 'header'],
    ['another audience', {}, { audience: 'b' }, 'header'],
    ['another algorithm', {}, { algorithm: 'EdDSA' }, 'header'],
    ['a bearer token, which has another type', {}, {}, 'bearer'],
  ]
  it.each(differing)('a signed assertion is not reused for %s', async (_whom, who, other, as) => {
    const one = signer()
    const alice = person()
    const first = await one.sign(alice, rules, 'header', binding, '1')
    expect(await one.sign(alice, rules, 'header', binding, '2')).toBe(first)
    const whoever = Object.keys(who).length > 0 ? person(who) : alice
    const whatever = Object.keys(other).length > 0 ? { ...rules, ...other } : rules
    expect(await one.sign(whoever, whatever, as, binding, '3')).not.toBe(first)
  })

  it('an assertion is signed again after half its lifetime, and is not reused for a new token of the person', async () => {
    const one = signer()
    const alice = person()
    const first = await one.sign(alice, rules, 'header', binding, '1')
    now += 31_000
    const second = await one.sign(alice, rules, 'header', binding, '2')
    expect(second).not.toBe(first)
    expect(decodeJwt(await one.sign(person(), rules, 'header', binding, 'again')).jti).toBe('again')
  })
})

describe('claims of assertions', () => {
  it('assertion claims that the gateway sets replace claims of the same name that a route copies from the token', async () => {
    const forged = {
      aud: 'x',
      sub: 'mallory',
      idp: 'x',
      iss: 'x',
      exp: 9e9,
      roles: ['root'],
      jti: 'x',
      htm: 'x',
      department: 'r&d',
    }
    const jws = await signer().sign(
      person({ claims: forged }),
      { ...rules, claims: Object.keys(forged), bind: 'request' },
      'header',
      binding,
      'j',
    )
    expect(decodeJwt(jws)).toMatchObject({
      iss: 'https://gate.test',
      aud: 'a',
      sub: 'alice',
      idp: 'https://login.test',
      roles: ['admin'],
      jti: 'j',
      htm: 'GET',
      department: 'r&d',
    })
    expect(decodeJwt(jws).exp).toBe(Math.floor(now / 1000) + 60)
    expect(decodeProtectedHeader(jws)).toMatchObject({ alg: 'ES256', typ: 'sallyport+jwt' })
  })

  it('an assertion names the identity provider of the person, even if a gateway signed the token', async () => {
    const identityProvider = 'https://partner.test'
    const jws = await signer().sign(person({ identityProvider }), rules, 'header', binding, 'j')
    expect(decodeJwt(jws).idp).toBe(identityProvider)
  })

  it('if a token has expired but is accepted within the clock tolerance, its assertion expires in one second', async () => {
    const jws = await signer().sign(person({ expiresAt: now / 1000 - 20 }), rules, 'header', binding, 'j')
    expect(decodeJwt(jws).exp).toBe(Math.floor(now / 1000) + 1)
  })

  it('signing an assertion fails with signing-unavailable if SIGNING_KEYS is missing', async () => {
    const none = createSigner(
      'https://gate.test',
      async () => ({ keys: [] as const, fault: 'missing' as const }),
      ports,
    )
    await expect(none.sign(person(), rules, 'header', binding, 'j')).rejects.toMatchObject({
      code: 'signing-unavailable',
    })
  })
})
