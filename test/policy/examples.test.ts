import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import routes from '../../routes'
import type { Policy, Route } from '../../src/config/define'
import { PolicySchema } from '../../src/config/policy-schema'
import { runExamples } from '../../src/testing/examples'

const list: readonly Route[] = routes
const policies = [...new Set<Policy>(list.flatMap((route) => route.policies ?? []))]

it('the configured routes have policies to test', () => expect(policies.length).toBeGreaterThan(0))

it.each(policies.map((policy) => [policy.id, policy] as const))(
  'every example of policies/%s.ts has the result that it expects',
  (_id, policy) => {
    expect(policy.examples.length).toBeGreaterThan(1)
    expect(runExamples(policy, list)).toEqual([])
  },
)

it('a policy example fails if a rule allows an operation that the example expects to be denied', () => {
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
  expect(runExamples(policy, [])).toEqual([
    { policy: 'support-desk', index: 1, does: 'threads.delete', expected: 'deny', found: 'allow' },
  ])
})

describe('policy examples that name a request', () => {
  const member = { roles: ['member'] }
  const example = (does: Policy['examples'][number]['does'], expect: 'allow' | 'deny') => ({ as: member, does, expect })
  const run = (...examples: Policy['examples']) => {
    const policy: Policy = {
      id: 'members-chat',
      allow: [{ name: 'members', operations: ['run.*', 'session.*', 'tool.call/search'], when: { role: 'member' } }],
      examples,
    }
    const route = (kind: 'langgraph' | 'mcp', path: string): Route => ({
      id: kind,
      path,
      agent: { kind, origin: { env: 'NOT_SET_HERE' } },
      policies: [policy],
    })
    return runExamples(policy, [route('langgraph', '/agents/a'), route('mcp', '/agents/b')]).map(({ found }) => found)
  }
  const call = (name: string) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } })

  it('a policy example with a request is checked against the operations of its path and its body', () => {
    const runs = { method: 'POST', path: '/threads/t1/runs/stream', body: { assistant_id: 'agent', input: {} } }
    expect(
      run(
        example(runs, 'allow'),
        example({ method: 'DELETE', path: '/threads/t1' }, 'deny'),
        example({ method: 'post', path: '/', body: call('search') }, 'allow'),
        example({ method: 'POST', path: '', body: call('erase') }, 'deny'),
      ),
    ).toEqual([])
    expect(run(example(runs, 'deny'))).toEqual(['allow'])
    // The gateway refuses it once the policy has allowed it.
    const hooked = { ...runs, body: { ...runs.body, webhook: 'https://elsewhere.test' } }
    expect(run(example(hooked, 'allow'))).toEqual(['refused as field-forbidden'])
    expect(run(example({ ...runs, path: '/threads//runs/stream' }, 'allow'))).toEqual(['refused as path-not-canonical'])
  })

  it('a policy example with a request fails if no route with the policy offers that request', () => {
    expect(run(example({ method: 'GET', path: '/nowhere' }, 'deny'))).toEqual(['refused as operation-unknown'])
    expect(run(example({ method: 'POST', path: '', body: { jsonrpc: '1.0' } }, 'deny'))).toEqual([
      expect.stringContaining('body-invalid'),
    ])
  })

  it('a policy example with an unknown key in its request is refused', () => {
    const policy = { ...routes[0]?.policies?.[0], examples: [{ as: {}, does: { verb: 'GET' }, expect: 'deny' }] }
    expect(v.safeParse(PolicySchema, policy).success).toBe(false)
  })
})
