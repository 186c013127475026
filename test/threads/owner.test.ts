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

describe('the owner of a thread', () => {
  const ownerOf = createOwners()

  it('is 43 characters, always the same, on every gateway', async () => {
    const owner = await ownerOf(who('alice'), 'own')
    expect(owner).toMatch(/^[\w-]{43}$/)
    expect(await ownerOf(who('alice', { email: 'other@example.com', exp: 2 }), 'own')).toBe(owner)
    expect(await createOwners()(who('alice'), 'own')).toBe(owner)
  })

  it('differs for the same subject or tenant at another identity provider (X18)', async () => {
    const [here, there] = [
      who('alice', { tenant: 'acme' }),
      who('alice', { tenant: 'acme' }, trusted('https://b.test')),
    ]
    expect(await ownerOf(here, 'own')).not.toBe(await ownerOf(there, 'own'))
    expect(await ownerOf(here, 'tenant')).not.toBe(await ownerOf(there, 'tenant'))
  })

  it('differs for every person and tenant, even if their names contain parts of each other (X6)', async () => {
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

  it('is the same for all people of a tenant, and absent for a person without a tenant', async () => {
    const [alice, bob] = [who('alice', { tenant: 'acme' }), who('bob', { tenant: 'acme' })]
    expect(await ownerOf(alice, 'tenant')).toBe(await ownerOf(bob, 'tenant'))
    for (const tenant of [undefined, '', null, 7.5, ['acme']])
      await expect(ownerOf(who('alice', { tenant }), 'tenant')).rejects.toMatchObject({ code: 'tenant-missing' })
  })

  it('is the same with or without a second gateway in front; only a gateway may name the provider', async () => {
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

  it('keeps the prefix that distinguishes the subjects of an issuer', async () => {
    const prefixed = who('alice', {}, trusted(LOGIN, { subjectPrefix: 'b|' }))
    expect(await ownerOf(prefixed, 'own')).not.toBe(await ownerOf(who('alice'), 'own'))
    expect(await ownerOf(prefixed, 'own')).toBe(await ownerOf(who('b|alice'), 'own'))
  })

  it('is right for more people than the cache holds, in any order (invariant 10)', async () => {
    const full = createOwners()
    const names = Array.from({ length: 1300 }, (_, n) => `person-${n}`)
    const owners = await Promise.all(names.map((name) => full(who(name), 'own')))
    expect(new Set(owners).size).toBe(names.length)
    const again = await Promise.all(names.toReversed().map((name) => full(who(name), 'own')))
    expect(again.toReversed()).toEqual(owners)
  })
})
