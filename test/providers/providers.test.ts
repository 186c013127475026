import fc from 'fast-check'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { principalOf } from '../../src/authentication/jwt/principal'
import { compileIssuer } from '../../src/config/compile-issuer'
import type { Policy } from '../../src/config/define'
import { issuerPresetNames } from '../../src/config/issuer-schema'
import { bearer, issuerOf, openHttp, routeOf } from '../support/fixtures'
import { startGateway, type TestGateway } from '../support/gateway'
import { type Issuers, publicKeys, publishes, startIssuers } from '../support/issuers'
import { privateKey } from '../support/keys'
import { type RecordingOrigin, startOrigin } from '../support/origin'
import { algorithmOf, type Claims, type Provider, telling, tokenOf } from './provider'
import { providers } from './providers'

/**
 * How the usual token of a provider is read: a person's, unless its issuer vouches for machines
 * alone.
 */
const personIs = ({ issuer }: Provider) => (issuer.callers === 'services' ? 'service' : 'user')

/*
 * Tokens as providers' own pages describe them, signed with a key of ours: a tenant of each
 * provider would need a network. The gateway, its keys over HTTP and its requests are real.
 */

const signers = { RS256: await privateKey('RS256'), ES384: await privateKey('ES384') } as const
const all = Object.entries<Provider>(providers)
const issuerOfProvider = ({ issuer }: Provider, name: string, more = {}) =>
  issuerOf('', { id: name.toLowerCase(), algorithms: ['RS256'], ...issuer, ...more })

const peopleOnly: Policy = {
  id: 'people',
  allow: [{ name: 'people', operations: ['*'], when: { caller: 'user' } }],
  examples: [
    { as: { caller: 'user' }, does: 'anything', expect: 'allow' },
    { as: { caller: 'service' }, does: 'anything', expect: 'deny' },
  ],
}

let keys: Issuers
let origin: RecordingOrigin
let gateway: TestGateway

beforeAll(async () => {
  ;[keys, origin] = await Promise.all([startIssuers(), startOrigin()])
  gateway = await startGateway({
    routes: all.flatMap(([name, provider]) => {
      const id = name.toLowerCase()
      const published = publicKeys(...Object.values(signers)).map((key) => ({ ...key, use: provider.keyUse ?? 'sig' }))
      keys.set(id, { jwks: publishes(published) })
      const trusted = issuerOfProvider(provider, name, { jwksUri: `${keys.issuer(id)}/jwks` })
      const agent = openHttp(origin.url)
      return [
        routeOf(agent, [trusted], { id, path: `/${id}` }),
        routeOf(agent, [trusted], { id: `${id}-people`, path: `/people/${id}`, policies: [peopleOnly] }),
      ]
    }),
  })
})
afterAll(async () => {
  await gateway?.close()
  await Promise.all([keys?.close(), origin?.close()])
})

const ask = async (path: string, token: string) => {
  const reply = await gateway.fetch(`/${path.toLowerCase()}/x`, { headers: bearer(token) })
  await reply.arrayBuffer()
  return { status: reply.status, audit: await gateway.auditOf(reply) }
}

it('every preset has a provider in the tests of providers', () => {
  const named = new Set(all.flatMap(([, { issuer }]) => issuer.preset ?? []))
  expect([...named].sort()).toEqual([...issuerPresetNames].sort())
})

describe.each(all)('tokens of the provider %s', (name, provider) => {
  const key = signers[algorithmOf(provider)]
  const isMachine = (is: Claims): boolean => (is.caller ?? personIs(provider)) === 'service'

  it('the preset of the provider gives the expected address of the keys, if the preset knows an address', () => {
    const [compiled] = compileIssuer(issuerOfProvider(provider, name), {})
    expect(compiled?.jwksUri).toBe(provider.keysAt)
  })

  it.each(Object.entries(provider.accepts))(
    'the gateway accepts a valid token of the provider, and the assertion has its identity: %s',
    async (_what, accepted) => {
      const { status } = await ask(name, tokenOf(provider, key, accepted))
      expect(status).toBe(200)
      const claims = decodeJwt(String(origin.last().headers['x-sallyport-assertion']))
      const told = Object.keys(accepted.is).map((claim) => [claim, claims[claim]])
      expect(Object.fromEntries(told)).toEqual(accepted.is)
    },
  )

  it.each(Object.entries(provider.refuses))(
    'the gateway refuses a token of the provider, and the audit line says why: %s',
    async (_what, { reason, ...change }) => {
      const before = origin.received.length
      const { status, audit } = await ask(name, tokenOf(provider, key, change))
      expect({ status, reason: audit.reason }).toEqual({ status: 401, reason })
      expect(audit.mismatch).toEqual({
        found: expect.any(String),
        expected: expect.any(String),
        ...(audit.mismatch?.setting !== undefined && { setting: expect.any(String) }),
      })
      expect(origin.received).toHaveLength(before)
    },
  )

  it.each(Object.entries(provider.accepts))(
    'a policy for people allows people of the provider and denies machines: %s',
    async (_what, accepted) => {
      const { status, audit } = await ask(`people/${name}`, tokenOf(provider, key, accepted))
      const expected = isMachine(accepted.is)
        ? { status: 403, code: 'policy-denied' }
        : { status: 200, code: undefined }
      expect({ status, code: audit.code }).toEqual(expected)
    },
  )

  // OpenID Connect Back-Channel Logout section 2.4; older providers leave its header's type out.
  it('a logout token of the provider is refused for its type or for its event', async () => {
    const typed = await ask(name, tokenOf(provider, key, { header: { typ: 'logout+jwt' } }))
    expect(typed).toMatchObject({ status: 401, audit: { reason: 'type' } })
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
    const untyped = await ask(name, tokenOf(provider, key, { with: { events } }))
    expect(untyped).toMatchObject({ status: 401, audit: { reason: 'logout-token' } })
  })

  it('claims that people write about themselves change neither their user id, kind, roles nor tenant (T26)', () => {
    const [compiled] = compileIssuer(issuerOfProvider(provider, name), {})
    if (!compiled) throw new Error('no issuer')
    const decided = (claims: Claims) => {
      const { kind, roles, tenant, userId } = principalOf(compiled, claims)
      return { kind, roles, tenant, userId }
    }
    const honest = decided(provider.person)
    const words = fc.dictionary(
      fc.constantFrom(...provider.ownWords),
      fc.oneof(fc.constantFrom(...telling), fc.jsonValue()),
    )
    fc.assert(
      fc.property(words, (own) => {
        expect(decided({ ...provider.person, ...own })).toEqual(honest)
      }),
    )
  })
})
