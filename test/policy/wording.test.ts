import { describe, expect, it } from 'vitest'
import type { Caller } from '../../src/caller'
import type { Condition, Policy } from '../../src/config/define'
import { decide } from '../../src/policy/decision'
import { mismatchOf, wordsOf } from '../../src/policy/wording'

const caller: Caller = {
  kind: 'user',
  issuerId: 'login',
  roles: ['member'],
  scopes: [],
  tenant: undefined,
  claims: { plan: 'secret-plan' },
}
const policy = (when: Condition | undefined, deny?: Policy['deny']): Policy => ({
  id: 'desk',
  allow: [{ name: 'only these', operations: ['ticket.*'], ...(when && { when }) }],
  ...(deny && { deny }),
  examples: [],
})
const denialOf = (given: Policy, operation = 'ticket.close') => {
  const decision = decide([given], caller, operation)
  if (decision.effect === 'allow') throw new Error('it was allowed')
  return mismatchOf(given, caller, operation, decision.reasons)
}

describe('descriptions of denials for the operator', () => {
  it.each<[Condition, string, string]>([
    [{ role: ['admin', 'chief'] }, 'roles member', 'role admin or chief (rule "only these")'],
    [{ scope: 'tickets:close' }, 'scopes none', 'scope tickets:close (rule "only these")'],
    [{ tenant: 'acme' }, 'tenant none', 'tenant acme (rule "only these")'],
    [{ issuer: 'partner' }, 'issuer login', 'issuer partner (rule "only these")'],
    [{ caller: 'service' }, 'a user', 'a service (rule "only these")'],
    [
      { any: [{ role: 'admin' }, { all: [{ role: 'lead' }, { tenant: 'acme' }] }] },
      'roles member, tenant none',
      '(role admin or role lead and tenant acme) (rule "only these")',
    ],
    [{ not: { role: 'member' } }, 'a caller that the rule excludes', 'not (role member) (rule "only these")'],
  ])('a denial by the condition %j is described with the values found and expected', (when, found, expected) => {
    expect(denialOf(policy(when))).toEqual({ found, expected, setting: 'policies/desk.ts' })
  })

  it('the description of a denial names the claim that differs, but not its value', () => {
    const { found, expected } = denialOf(policy({ claim: { name: 'plan', equals: 'pro' } }))
    expect(expected).toBe('claim {"name":"plan","equals":"pro"} (rule "only these")')
    expect(found).not.toContain('secret-plan')
  })

  it('the description of a denial names an operation that no rule covers or the rule that denies', () => {
    expect(denialOf(policy(undefined), 'users.delete')).toMatchObject({
      found: 'users.delete',
      expected: 'an operation that a rule allows',
    })
    const deny = [
      { name: 'no guests', operations: ['ticket.close'], when: { role: 'guest' } },
      { name: 'nobody closes', operations: ['ticket.close'] },
    ]
    expect(denialOf(policy(undefined, deny))).toMatchObject({
      found: 'deny rule "nobody closes", for anybody',
      expected: 'no such rule',
    })
  })

  it('the description of a denial shortens a long list of roles', () => {
    const many = { ...caller, roles: Array.from({ length: 500 }, (_, index) => `role-${index}`) }
    const { found } = mismatchOf(policy({ role: 'admin' }), many, 'ticket.close', ['role-missing'])
    expect(found.length).toBeLessThan(220)
  })

  it('a rule without a condition is described as "anybody"', () => expect(wordsOf(undefined)).toBe('anybody'))
})
