import { describe, expect, it } from 'vitest'
import { principalOf } from '../../../src/authentication/jwt/principal'
import type { TrustedIssuer } from '../../../src/authentication/jwt/trusted-issuer'
import { claimAt } from '../../../src/claims'
import { compileClaims } from '../../../src/config/compile-issuer'
import type { Issuer } from '../../../src/config/define'
import { commonClaims } from '../../../src/config/issuer-preset'
import { trustedIssuer } from '../../support/issuers'

const issuer = (more: NonNullable<Issuer['claims']> = {}, rest: Partial<TrustedIssuer> = {}): TrustedIssuer =>
  trustedIssuer({ claims: compileClaims({ ...commonClaims, ...more }), ...rest })
const read = (token: object, from = issuer()) => principalOf(from, { sub: 'alice', exp: 1, ...token })

it('the principal of a token has the identity from its claims, and the subject prefix of the issuer', () => {
  const token = {
    roles: ['admin', 'lead'],
    scope: 'openid  agents:use',
    tenant: 'acme',
    email: 'alice@example.com',
    name: 'Alice',
    client_id: 'app',
  }
  expect(read(token, issuer({}, { subjectPrefix: 'a|' }))).toEqual({
    authenticator: 'jwt',
    issuer: 'https://login.example.com',
    identityProvider: 'https://login.example.com',
    issuerId: 'login',
    subject: 'alice',
    userId: 'a|alice',
    kind: 'user',
    client: 'app',
    roles: ['admin', 'lead'],
    scopes: ['openid', 'agents:use'],
    tenant: 'acme',
    email: 'alice@example.com',
    name: 'Alice',
    claims: { sub: 'alice', exp: 1, ...token },
    expiresAt: 1,
  })
})

it.each([
  [false, 'https://partner.example.com', 'https://login.example.com'],
  [true, 'https://partner.example.com', 'https://partner.example.com'],
  [true, undefined, 'https://login.example.com'],
  [true, '', 'https://login.example.com'],
  [true, 7, 'https://login.example.com'],
])(
  'the claim idp names the identity provider only if the issuer is a gateway (%s, idp %j)',
  (isGateway, idp, expected) => {
    expect(read({ idp }, { ...issuer(), isGateway }).identityProvider).toBe(expected)
    // The issuer of the token stays the same.
    expect(read({ idp }, { ...issuer(), isGateway }).issuer).toBe('https://login.example.com')
  },
)

it.each<[unknown, readonly string[]]>([
  [undefined, []],
  [null, []],
  ['', []],
  ['admin', ['admin']],
  [['admin lead'], ['admin lead']],
  [['admin', 7, null, ['lead'], { a: 1 }], ['admin']],
  [7, []],
  [true, []],
])('the claim %j for roles or scopes is read as the list %j', (value, list) => {
  expect(read({ roles: value, scope: value })).toMatchObject({ roles: list, scopes: list })
})

it.each<[string, string, ' ' | ',' | undefined, readonly string[]]>([
  ['one role', 'not admin', undefined, ['not admin']],
  ['one role, even with commas', 'admin,lead', undefined, ['admin,lead']],
  ['roles separated by spaces, if the issuer is configured so', ' admin  lead ', ' ', ['admin', 'lead']],
  ['roles separated by commas, if the issuer is configured so', 'no admin,lead', ',', ['no admin', 'lead']],
])('a text in the claim that holds the roles is read as %s: %j', (_what, roles, roleSeparator, expected) => {
  expect(read({ roles }, { ...issuer(), roleSeparator }).roles).toEqual(expected)
})

it('scopes are separated by spaces, even if roles are separated by commas', () => {
  expect(read({ scope: ' agents:use  openid ' }, { ...issuer(), roleSeparator: ',' }).scopes).toEqual([
    'agents:use',
    'openid',
  ])
})

it.each([undefined, null, '', 7.5, true, {}, ['x']])(
  'a name, tenant, e-mail address or client in a token that is %j is dropped',
  (value) => {
    const { name, tenant, email, client } = read({ name: value, tenant: value, email: value, client_id: value })
    expect({ name, tenant, email, client }).toEqual({
      name: undefined,
      tenant: undefined,
      email: undefined,
      client: undefined,
    })
  },
)

it.each([
  [false, undefined],
  ['false', undefined],
  [true, 'a@example.com'],
  ['true', 'a@example.com'],
  [undefined, 'a@example.com'],
])('with email_verified %j in a token, the e-mail address of the principal is %s (T26)', (verified, email) => {
  expect(read({ email: 'a@example.com', email_verified: verified }).email).toBe(email)
})

describe('clients of tokens', () => {
  it.each([
    [{ cid: 'a', client_id: 'b', azp: 'c' }, 'a'],
    [{ client_id: 'b', azp: 'c' }, 'b'],
    [{ azp: 'c' }, 'c'],
    [{ cid: '', azp: 'c' }, 'c'],
    [{}, undefined],
  ])('the client of a token with the claims %j is %s', (token, client) => {
    expect(read(token, issuer({ client: 'cid' })).client).toBe(client)
  })

  it.each([
    [{ client_id: 'alice' }, 'service'],
    [{ azp: 'alice' }, 'service'],
    [{ client_id: 'app' }, 'user'],
    [{}, 'user'],
  ])('the principal of a token with the claims %j is a %s', (token, kind) => {
    expect(read(token).kind).toBe(kind)
  })

  const account = { azp: 'App', preferred_username: 'service-account-app' }
  it.each<[string, object, 'user' | 'service']>([
    ['entra', { idtyp: 'app' }, 'service'],
    ['entra', { idtyp: 'user' }, 'user'],
    ['entra', { oid: 'alice' }, 'service'],
    ['entra', { oid: 'alice', scp: 'agents.use' }, 'user'],
    ['auth0', { gty: 'client-credentials' }, 'service'],
    ['auth0', { gty: 'password' }, 'user'],
    ['keycloak', { ...account, client_id: 'App' }, 'service'],
    ['keycloak', { ...account, clientId: 'App' }, 'service'],
    ['clerk', { sub: 'mch_1' }, 'service'],
    ['clerk', { sub: 'user_1' }, 'user'],
    ['google', { email: 'bot@acme.iam.gserviceaccount.com', email_verified: true }, 'service'],
    ['google', { email: 'bot@acme.iam.gserviceaccount.com', email_verified: false }, 'user'],
    ['google', { email: 'alice@gserviceaccount.example', email_verified: true }, 'user'],
    ['cloudflare-access', { sub: '', common_name: 'c.access' }, 'service'],
    ['cloudflare-access', { common_name: 'c.access' }, 'user'],
    // A person who chose the name of an account that the client does not have.
    ['keycloak', account, 'user'],
    ['keycloak', { ...account, client_id: 'other' }, 'user'],
    ['keycloak', { azp: 'App', client_id: 'App', preferred_username: 'service-account-mallory' }, 'user'],
    ['keycloak', { preferred_username: 'service-account-undefined' }, 'user'],
  ])('with preset %s, a token with the claims %j is a %s; with other presets it is a user', (preset, token, kind) => {
    const client = { client: 'azp' }
    expect(read(token, { ...issuer(client), preset }).kind).toBe(kind)
    // A mark of one provider counts for no other.
    for (const other of [
      undefined,
      'okta',
      'toString',
      ...['entra', 'auth0', 'keycloak', 'clerk', 'google', 'cloudflare-access'].filter((each) => each !== preset),
    ])
      expect(read(token, { ...issuer(client), preset: other }).kind).toBe('user')
  })
})

describe('paths to claims', () => {
  const token = {
    a: { b: { c: 'deep' }, list: ['zero'] },
    'a.b': 'dotted',
    'https://example.com/roles': ['admin'],
    text: 'text',
    nothing: null,
  }
  it.each<[string, unknown]>([
    ['text', 'text'],
    ['a.b.c', 'deep'],
    ['a.b', 'dotted'],
    ['https://example.com/roles', ['admin']],
    ['nothing', null],
    ['nothing.more', undefined],
    ['text.length', undefined],
    ['a.x.y', undefined],
    ['missing', undefined],
    ['', undefined],
    ['constructor', undefined],
    ['__proto__', undefined],
    ['a.__proto__.polluted', undefined],
    ['a.constructor.name', undefined],
    ['toString', undefined],
  ])('the path "%s" to a claim leads to %j', (path, value) => {
    expect(claimAt(token, path)).toEqual(value)
  })
})

it.each([
  [42, '42'],
  [0, '0'],
  ['42', '42'],
  [2 ** 53, undefined],
  [4.2, undefined],
])('the claim tenant %j is read as the tenant %j', (tenant, expected) => {
  expect(read({ tenant }).tenant).toBe(expected)
})

it.each([
  [{ member: { 1: 'acme.example.com' }, admin: {} }, ['member']],
  [{ member: true, admin: false, lead: null }, ['member']],
  [{}, []],
])('roles in the object %j are read as the names %j', (roles, expected) => {
  expect(read({ roles }).roles).toEqual(expected)
  // Scopes are no such map.
  expect(read({ scope: roles }).scopes).toEqual([])
})
