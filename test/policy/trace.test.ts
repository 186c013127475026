import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Caller } from '../../src/caller'
import type { Condition, Policy } from '../../src/config/define'
import { decide } from '../../src/policy/decision'
import { allowedBy, traceOf } from '../../src/policy/trace'

const role = fc.constantFrom('member', 'lead', 'admin')
const condition: fc.Arbitrary<Condition> = fc.letrec<{ tree: Condition; leaf: Condition }>((tie) => ({
  leaf: fc.oneof(
    fc.record({ role }),
    fc.record({ scope: fc.constantFrom('read', 'write') }),
    fc.record({ tenant: fc.constantFrom('acme', 'other') }),
    fc.record({ issuer: fc.constantFrom('login', 'partner') }),
    fc.record({ caller: fc.constantFrom('user' as const, 'service' as const) }),
  ),
  tree: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc.record({ all: fc.array(tie('tree'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ any: fc.array(tie('tree'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ not: tie('tree') }),
  ),
})).tree
const operation = fc.constantFrom('run.stream', 'threads.read', 'threads.delete', 'tool.call/search')
const pattern = fc.oneof(operation, fc.constantFrom('*', 'run.*', 'threads.*', 'tool.call'))
const rule = fc.record(
  {
    name: fc.constantFrom('one', 'two'),
    operations: fc.array(pattern, { minLength: 1, maxLength: 2 }),
    when: condition,
  },
  { requiredKeys: ['name', 'operations'] },
)
const policy: fc.Arbitrary<Policy> = fc.record({
  id: fc.constantFrom('first', 'second'),
  allow: fc.array(rule, { minLength: 1, maxLength: 3 }),
  deny: fc.array(rule, { maxLength: 2 }),
  examples: fc.constant([]),
})
const caller: fc.Arbitrary<Caller> = fc.record({
  kind: fc.constantFrom('user' as const, 'service' as const),
  issuerId: fc.constantFrom('login', 'partner'),
  roles: fc.array(role, { maxLength: 2 }),
  scopes: fc.array(fc.constantFrom('read', 'write'), { maxLength: 2 }),
  tenant: fc.option(fc.constantFrom('acme', 'other'), { nil: undefined }),
  claims: fc.constant({}),
})

describe('traces of decisions', () => {
  it('the trace of a decision allows exactly the operations that the gateway allows', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(fc.array(policy, { maxLength: 3 }), caller, operation, (policies, who, what) => {
        const { effect } = decide(policies, who, what)
        seen.add(effect)
        expect(allowedBy(traceOf(policies, who, what))).toBe(effect === 'allow')
      }),
      { numRuns: 2_000 },
    )
    expect(seen).toEqual(new Set(['allow', 'deny']))
  })

  it('a trace says for each rule whether it covers the operation, what it requires and what is missing', () => {
    const desk: Policy = {
      id: 'desk',
      allow: [
        { name: 'members read', operations: ['threads.read'], when: { role: 'member' } },
        { name: 'leads delete', operations: ['threads.*'], when: { role: 'lead' } },
      ],
      deny: [{ name: 'no machines', operations: ['*'], when: { caller: 'service' } }],
      examples: [],
    }
    const who = {
      kind: 'user',
      issuerId: 'login',
      roles: ['member'],
      scopes: [],
      tenant: undefined,
      claims: {},
    } as const
    expect(traceOf([desk], who, 'threads.delete')).toEqual([
      {
        policy: 'desk',
        rules: [
          { list: 'deny', name: 'no machines', covers: true, reasons: ['caller-kind-differs'], asks: 'a service' },
          { list: 'allow', name: 'members read', covers: false, reasons: [], asks: 'role member' },
          { list: 'allow', name: 'leads delete', covers: true, reasons: ['role-missing'], asks: 'role lead' },
        ],
      },
    ])
  })
})
