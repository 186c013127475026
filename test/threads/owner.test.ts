import { describe, expect, it } from 'vitest'
import { principalOf } from '../../src/authentication/jwt/principal'
import type { TrustedIssuer } from '../../src/authentication/jwt/trusted-issuer'
import type { Principal } from '../../src/authentication/principal'
import { compileClaims } from '../../src/config/compile-issuer'
import { commonClaims } from '../../src/config/issuer-preset'
import { createOwners } from '../../src/threads/owner'
import { trustedIssuer } from '../support/issuers'

const trusted = (issuer: string, more: Partial<TrustedIssuer> = {}): TrustedIssuer =>
  trustedIssuer({ issuer, claims: compileClaims(commonClaims), ...more })

const LOGIN = 'https://login.test'
const who = (sub: string, claims: object = {}, issuer = trusted(LOGIN)): Principal =>
  principalOf(issuer, { sub, exp: 1, ...claims })

describe('owners of threads', () => {
  const ownerOf = createOwners()

  it('the owner id of a person has 43 characters and is the same on every gateway', async () => {
    const owner = await ownerOf(who('alice'), 'own')
    expect(owner).toMatch(/^[\w-]{43}$/)
    expect(await ownerOf(who('alice', { email: 'other@example.com', exp: 2 }), 'own')).toBe(owner)
    expect(await createOwners()(who('alice'), 'own')).toBe(owner)
  })

  it('the same subject or tenant at two identity providers gives two different owners (X18)', async () => {
    const [here, there] = [
      who('alice', { tenant: 'acme' }),
      who('alice', { tenant: 'acme' }, trusted('https://b.test')),
    ]
    expect(await ownerOf(here, 'own')).not.toBe(await ownerOf(there, 'own'))
    expect(await ownerOf(here, 'tenant')).not.toBe(await ownerOf(there, 'tenant'))
  })

  it('each person and each tenant is a different owner, even if names contain parts of each other (X6)', async () => {
    const people = [
      who('acme', { tenant: 'alice' }),
      who('alice', { tenant: 'acme' }),
      who('a","b', { tenant: 't","u' }),
      who('b', { tenant: 'u' }, trusted(`${LOGIN}","a`)),
      who('own', { tenant: 'tenant' }),
    ]
    const owners = await Promise.all(people.flatMap((each) => [ownerOf(each, 'own'), ownerOf(each, 'tenant')]))
    expect(new Set(owners).size).toBe(owners.length)
  })

  it('all people of a tenant are the same owner, and a person without a tenant is refused', async () => {
    const [alice, bob] = [who('alice', { tenant: 'acme' }), who('bob', { tenant: 'acme' })]
    expect(await ownerOf(alice, 'tenant')).toBe(await ownerOf(bob, 'tenant'))
    for (const tenant of [undefined, '', null, 7.5, ['acme']])
      await expect(ownerOf(who('alice', { tenant }), 'tenant')).rejects.toMatchObject({ code: 'tenant-missing' })
  })

  it('a person is the same owner behind a second gateway; only a gateway may name the identity provider of a person', async () => {
    const gate = trusted('https://gate.test', { isGateway: true })
    const behind = who('alice', { idp: LOGIN, tenant: 'acme' }, gate)
    const direct = who('alice', { tenant: 'acme' })
    expect(await ownerOf(behind, 'own')).toBe(await ownerOf(direct, 'own'))
    expect(await ownerOf(behind, 'tenant')).toBe(await ownerOf(direct, 'tenant'))
    const liar = who('alice', { idp: LOGIN }, trusted('https://b.test'))
    expect(await ownerOf(liar, 'own')).not.toBe(await ownerOf(direct, 'own'))
    for (const idp of [undefined, '', null, {}, [LOGIN]])
      expect(await ownerOf(who('alice', { idp }, gate), 'own')).not.toBe(await ownerOf(direct, 'own'))
  })

  it('the owner of a thread includes the prefix for the subjects of an issuer', async () => {
    const prefixed = who('alice', {}, trusted(LOGIN, { subjectPrefix: 'b|' }))
    expect(await ownerOf(prefixed, 'own')).not.toBe(await ownerOf(who('alice'), 'own'))
    expect(await ownerOf(prefixed, 'own')).toBe(await ownerOf(who('b|alice'), 'own'))
  })

  it('the owner of each person stays the same with more people than the cache holds (invariant 10)', async () => {
    const full = createOwners()
    const names = Array.from({ length: 1300 }, (_, n) => `person-${n}`)
    const owners = await Promise.all(names.map((name) => full(who(name), 'own')))
    expect(new Set(owners).size).toBe(names.length)
    const again = await Promise.all(names.toReversed().map((name) => full(who(name), 'own')))
    expect(again.toReversed()).toEqual(owners)
  })
})
