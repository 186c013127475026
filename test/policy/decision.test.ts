import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Caller } from '../../src/caller'
import type { Condition, Policy } from '../../src/config/define'
import { evaluate, holds } from '../../src/policy/condition'
import { decide } from '../../src/policy/decision'
import { covers } from '../../src/policy/operation'

const caller = (more: Partial<Caller> = {}): Caller => ({
  kind: 'user',
  issuerId: 'login',
  roles: ['member'],
  scopes: ['read'],
  tenant: 'acme',
  claims: {
    department: 'sales',
    groups: ['a', 'b'],
    level: 3,
    verified: true,
    nested: { deep: 'x' },
    'https://x.test/dotted': 'y',
  },
  ...more,
})

const meets = (when: Condition, who = caller()) => holds(evaluate(when, who))

describe('conditions of a policy', () => {
  const table: [Condition, boolean][] = [
    [{ role: 'member' }, true],
    [{ role: 'admin' }, false],
    [{ role: ['admin', 'member'] }, true],
    [{ scope: 'read' }, true],
    [{ scope: ['write', 'admin'] }, false],
    [{ claim: { name: 'department', equals: 'sales' } }, true],
    [{ claim: { name: 'department', equals: ['hr', 'sales'] } }, true],
    [{ claim: { name: 'department', equals: 'Sales' } }, false],
    [{ claim: { name: 'level', equals: 3 } }, true],
    [{ claim: { name: 'level', equals: '3' } }, false],
    [{ claim: { name: 'verified', equals: true } }, true],
    [{ claim: { name: 'verified', equals: 'true' } }, false],
    [{ claim: { name: 'groups', includes: 'a' } }, true],
    [{ claim: { name: 'groups', equals: 'a' } }, false],
    [{ claim: { name: 'department', includes: 'sales' } }, false],
    [{ claim: { name: 'nested.deep', equals: 'x' } }, true],
    [{ claim: { name: 'https://x.test/dotted', equals: 'y' } }, true],
    [{ claim: { name: '__proto__.x', equals: 'x' } }, false],
    [{ claim: { name: 'constructor.name', equals: 'Object' } }, false],
    [{ claim: { name: 'missing', equals: '' } }, false],
    [{ issuer: 'login' }, true],
    [{ issuer: ['other'] }, false],
    [{ tenant: 'acme' }, true],
    [{ tenant: 'other' }, false],
    [{ caller: 'user' }, true],
    [{ caller: 'service' }, false],
    [{ role: 'member', scope: 'read' }, true],
    [{ role: 'member', scope: 'write' }, false],
    [{ all: [{ role: 'member' }, { scope: 'read' }] }, true],
    [{ all: [{ role: 'member' }, { scope: 'write' }] }, false],
    [{ any: [{ role: 'admin' }, { scope: 'read' }] }, true],
    [{ any: [{ role: 'admin' }, { scope: 'write' }] }, false],
    [{ not: { role: 'admin' } }, true],
    [{ not: { role: 'member' } }, false],
    [{ any: [{ role: 'member' }], tenant: 'other' }, false],
  ]
  it.each(table)(
    'the condition %j is %s for a user with role member, scope read and tenant acme',
    (condition, expected) => expect(meets(condition)).toBe(expected),
  )

  it('a caller without a tenant does not meet a condition on the tenant', () => {
    expect(meets({ tenant: 'acme' }, caller({ tenant: undefined }))).toBe(false)
    expect(meets({ not: { tenant: 'acme' } }, caller({ tenant: undefined }))).toBe(true)
  })

  const word = fc.constantFrom('a', 'b', 'admin', 'read', '')
  const condition: fc.Arbitrary<Condition> = fc.letrec<{ condition: Condition }>((tie) => ({
    condition: fc.record(
      {
        role: fc.oneof(word, fc.array(word, { minLength: 1 })),
        scope: word,
        claim: fc.record({ name: word, equals: word }),
        tenant: word,
        caller: fc.constantFrom('user' as const, 'service' as const),
        not: fc.oneof({ depthSize: 'small' }, fc.constant({ role: 'a' }), tie('condition')),
        any: fc.oneof(
          { depthSize: 'small' },
          fc.constant([{ role: 'a' }]),
          fc.array(tie('condition'), { minLength: 1, maxLength: 2 }),
        ),
      },
      { requiredKeys: [] },
    ),
  })).condition
  const anyone = fc.record({
    kind: fc.constantFrom('user' as const, 'service' as const),
    issuerId: word,
    roles: fc.array(word),
    scopes: fc.array(word),
    tenant: fc.option(word, { nil: undefined }),
    claims: fc.dictionary(word, fc.anything()),
  })

  it('a condition has a result for every caller, and "not" gives the opposite result', () => {
    fc.assert(
      fc.property(condition, anyone, (when, who) => {
        expect(meets({ not: when }, who)).toBe(!meets(when, who))
      }),
    )
  })

  it('every operation is denied without a policy and with an empty policy', () => {
    fc.assert(
      fc.property(anyone, fc.string(), (who, operation) => {
        expect(decide([], who, operation).effect).toBe('deny')
        expect(decide([{ id: 'p', allow: [], examples: [] }], who, operation).effect).toBe('deny')
      }),
    )
  })

  it('an additional policy never allows an operation that the other policies deny', () => {
    const policy = fc.record({
      id: fc.constant('p'),
      allow: fc.array(fc.record({ name: word, operations: fc.constant(['*']), when: condition })),
    })
    fc.assert(
      fc.property(fc.array(policy), policy, anyone, (policies, one, who) => {
        const list = policies as unknown as Policy[]
        if (decide(list, who, 'x').effect === 'deny' && list.length > 0) {
          expect(decide([...list, one as unknown as Policy], who, 'x').effect).toBe('deny')
        }
      }),
    )
  })
})

describe('decisions of policies', () => {
  const policy: Policy = {
    id: 'desk',
    allow: [
      { name: 'talk', operations: ['run.*', 'threads.read'], when: { role: ['member', 'admin'] } },
      { name: 'delete', operations: ['threads.delete'], when: { role: 'admin' } },
      { name: 'export', operations: ['threads.export'], when: { scope: 'export' } },
      { name: 'export for admins', operations: ['threads.export'], when: { role: 'admin', scope: 'admin' } },
    ],
    deny: [{ name: 'no services', operations: ['run.*'], when: { caller: 'service' } }],
    examples: [],
  }
  it('a decision names the rule that allowed the operation', () => {
    expect(decide([policy], caller(), 'run.stream')).toEqual({ effect: 'allow', by: ['desk/talk'] })
  })
  it('a decision gives the reasons for a denial', () => {
    expect(decide([policy], caller(), 'threads.delete')).toEqual({
      effect: 'deny',
      policy: 'desk',
      reasons: ['role-missing'],
      scopes: [],
    })
    expect(decide([policy], caller(), 'threads.create')).toEqual({
      effect: 'deny',
      policy: 'desk',
      reasons: ['no-rule-for-operation'],
      scopes: [],
    })
    expect(decide([policy], caller({ kind: 'service' }), 'run.stream')).toEqual({
      effect: 'deny',
      policy: 'desk',
      reasons: ['denied-by-rule'],
      scopes: [],
    })
  })
  it('a denial names a scope only if that scope alone would allow the operation', () => {
    expect(decide([policy], caller(), 'threads.export')).toMatchObject({ effect: 'deny', scopes: ['export'] })
    expect(decide([policy], caller({ roles: ['admin'] }), 'threads.export')).toMatchObject({
      scopes: ['export', 'admin'],
    })
  })
  it('an operation is allowed only if every policy allows it', () => {
    const people: Policy = {
      id: 'people',
      allow: [{ name: 'all', operations: ['*'], when: { tenant: 'other' } }],
      examples: [],
    }
    expect(decide([policy, people], caller(), 'run.stream')).toMatchObject({
      effect: 'deny',
      policy: 'people',
      reasons: ['tenant-differs'],
    })
  })
})

it.each([
  ['*', 'run.stream', true],
  ['run.*', 'run.stream', true],
  ['run.*', 'run', false],
  ['run.*', 'runs.stream', false],
  ['run.stream', 'run.stream', true],
  ['run.stream', 'run.stream.x', false],
  ['threads.*', 'thread.read', false],
  ['tool.call.*', 'tool.call.search', true],
])('the operation pattern %s covers the operation %s: %s', (pattern, operation, expected) =>
  expect(covers(pattern, operation)).toBe(expected),
)
