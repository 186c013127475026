import { describe, expect, it } from 'vitest'
import type { Decision } from '../../src/policy/decision'
import { permissionOf } from '../../src/policy/permission'
import { policyWithExamples } from '../support/fixtures'

const policies = [
  policyWithExamples({
    id: 'readers',
    allow: [
      { name: 'readers', operations: ['notes.read'] },
      { name: 'writers', operations: ['notes.write'], when: { scope: 'notes:write' } },
      { name: 'admins', operations: ['notes.delete'], when: { role: 'admin' } },
    ],
  }),
]
const route = { policies, offers: (operation: string) => operation !== 'notes.burn' }
const reader = { kind: 'user', issuerId: 'login', roles: [], scopes: [], tenant: undefined, claims: {} } as const

describe('operations that one caller may use', () => {
  const decisions: Decision[] = []
  const permission = permissionOf(route, reader, { noteDecision: (decision) => decisions.push(decision) })
  const open = permissionOf(route, undefined, { noteDecision: () => expect.unreachable() })

  it('a request needs every operation to be allowed, and decisions are recorded until the first denial', () => {
    decisions.length = 0
    expect(() => permission.require(['notes.read'])).not.toThrow()
    expect(() => permission.require(['notes.read', 'notes.delete', 'notes.read'])).toThrow(
      expect.objectContaining({ code: 'policy-denied', reason: 'role-missing' }),
    )
    expect(decisions.map(({ effect }) => effect)).toEqual(['allow', 'allow', 'deny'])
  })

  it('the refusal for a missing scope names the scope to the caller and to the operator', () => {
    const mismatch = {
      found: 'scopes none',
      expected: 'scope notes:write (rule "writers")',
      setting: 'policies/readers.ts',
    }
    expect(() => permission.require(['notes.write'])).toThrow(
      expect.objectContaining({ code: 'scope-insufficient', extras: { scopes: ['notes:write'], mismatch } }),
    )
  })

  it('a request with several operations is refused as operation-unknown if the route does not offer one of them', () => {
    decisions.length = 0
    expect(() => permission.require(['notes.read', 'notes.burn'])).toThrow(
      expect.objectContaining({ code: 'operation-unknown' }),
    )
    expect(decisions).toEqual([])
    expect(permission.has('notes.burn')).toBe(false)
  })

  it('a permission has only the allowed operations, and a look-up of them records no decision', () => {
    decisions.length = 0
    expect(['notes.read', 'notes.write', 'notes.delete'].map(permission.has)).toEqual([true, false, false])
    expect(decisions).toEqual([])
  })

  it('a public route allows every operation that it offers, and no other operation', () => {
    expect(() => open.require(['notes.delete'])).not.toThrow()
    expect(() => open.require(['notes.burn'])).toThrow(expect.objectContaining({ code: 'operation-unknown' }))
    expect(['notes.read', 'notes.burn'].map(open.has)).toEqual([true, false])
  })
})
