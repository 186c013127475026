import fc from 'fast-check'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { principalOf } from '../../src/authentication/jwt/principal'
import { compileIssuer } from '../../src/config/compile-issuer'
import { issuerPresetNames } from '../../src/config/issuer-schema'
import { bearer, issuerOf, openHttp, routeOf } from '../support/fixtures'
import { startGateway, type TestGateway } from '../support/gateway'
import { type Issuers, publicKeys, publishes, startIssuers } from '../support/issuers'
import { privateKey } from '../support/keys'
import { type RecordingOrigin, startOrigin } from '../support/origin'
import { type Claims, type Provider, telling, tokenOf } from './provider'
import { providers } from './providers'

/*
 * Tokens as providers' own pages describe them, signed with a key of ours: a tenant of each provider would need a network. The
 * gateway, its keys over HTTP and its requests are real.
 */

const key = await privateKey('RS256')
const all = Object.entries<Provider>(providers)
const issuerOfProvider = ({ issuer }: Provider, name: string, more = {}) =>
  issuerOf('', { id: name.toLowerCase(), algorithms: ['RS256'], ...issuer, ...more })

let keys: Issuers
let origin: RecordingOrigin
let gateway: TestGateway

beforeAll(async () => {
  ;[keys, origin] = await Promise.all([startIssuers(), startOrigin()])
  keys.set('zoo', { jwks: publishes(publicKeys(key)) })
  gateway = await startGateway({
    routes: all.map(([name, provider]) => {
      const trusted = issuerOfProvider(provider, name, { jwksUri: `${keys.issuer('zoo')}/jwks` })
      const id = name.toLowerCase()
      return routeOf(openHttp(origin.url), [trusted], { id, path: `/${id}` })
    }),
  })
})
afterAll(async () => {
  await gateway?.close()
  await Promise.all([keys?.close(), origin?.close()])
})

const ask = async (name: string, token: string) => {
  const reply = await gateway.fetch(`/${name.toLowerCase()}/x`, { headers: bearer(token) })
  await reply.arrayBuffer()
  return { status: reply.status, audit: await gateway.auditOf(reply) }
}

it('has every preset', () => {
  const named = new Set(all.map(([, { issuer }]) => issuer.preset))
  expect([...named].sort()).toEqual([...issuerPresetNames].sort())
})

describe.each(all)('%s', (name, provider) => {
  it('its keys are where they are published', () => {
    const [compiled] = compileIssuer(issuerOfProvider(provider, name), {})
    expect(compiled?.jwksUri).toBe(provider.keysAt)
  })

  it.each(Object.entries(provider.accepts))('lets in: %s', async (_what, accepted) => {
    const { status } = await ask(name, tokenOf(provider, key, accepted))
    expect(status).toBe(200)
    const claims = decodeJwt(String(origin.last().headers['x-sallyport-assertion']))
    const told = Object.keys(accepted.is).map((claim) => [claim, claims[claim]])
    expect(Object.fromEntries(told)).toEqual(accepted.is)
  })

  it.each(Object.entries(provider.refuses))('refuses, and says why: %s', async (_what, { reason, ...change }) => {
    const before = origin.received.length
    const { status, audit } = await ask(name, tokenOf(provider, key, change))
    expect({ status, reason: audit.reason }).toEqual({ status: 401, reason })
    expect(audit.mismatch).toEqual({
      found: expect.any(String),
      expected: expect.any(String),
      ...(audit.mismatch?.setting !== undefined && { setting: expect.any(String) }),
    })
    expect(origin.received).toHaveLength(before)
  })

  it('T26: nothing that people write about themselves changes who they are', () => {
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
