import { expect, it } from 'vitest'
import routes from '../../routes'
import type { Policy, Route } from '../../src/config/define'
import { runExamples } from '../../src/policy/examples'

const list: readonly Route[] = routes
const policies = [...new Set<Policy>(list.flatMap((route) => route.policies ?? []))]

it('there are policies to prove', () => expect(policies.length).toBeGreaterThan(0))

it.each(policies.map((policy) => [policy.id, policy] as const))(
  'every example of policies/%s.ts comes out as it says',
  (_id, policy) => {
    expect(policy.examples.length).toBeGreaterThan(1)
    expect(runExamples(policy)).toEqual([])
  },
)

it('an example that is wrong is caught: the first rule here would let an agent delete', () => {
  const policy: Policy = {
    id: 'support-desk',
    allow: [
      { name: 'agents and leads may talk', operations: ['threads.*', 'run.*'], when: { role: ['agent', 'lead'] } },
      { name: 'only leads delete', operations: ['threads.delete'], when: { role: ['lead'] } },
    ],
    examples: [
      { as: { roles: ['agent'] }, does: 'run.stream', expect: 'allow' },
      { as: { roles: ['agent'] }, does: 'threads.delete', expect: 'deny' },
    ],
  }
  expect(runExamples(policy)).toEqual([{ policy: 'support-desk', index: 1, does: 'threads.delete', expected: 'deny' }])
})
