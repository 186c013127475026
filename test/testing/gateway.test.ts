import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestGateway } from '../../src/testing'
import { root } from '../support/build'
import { builtPackage } from '../support/house'

/* The helpers of a project's own tests, tried on the routes of this repository. */

let gateway: TestGateway
const alice = { sub: 'alice', roles: ['member'], email: 'alice@acme.com' }

beforeAll(async () => {
  const { startGateway } = (await builtPackage()).testing
  gateway = await startGateway({
    root,
    agents: { langgraph: (request) => Response.json({ user: request.headers.get('x-user-id') }) },
  })
})
afterAll(() => gateway?.close())

describe('the test gateway of a project', () => {
  it('the test gateway signs a person in with the issuer settings of the project, and the agent sees the person', async () => {
    const reply = await gateway.fetch('/agents/langgraph/threads/search', {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
      as: alice,
    })
    expect([reply.status, await reply.json()]).toEqual([200, { user: 'alice' }])
    const [received] = gateway.received('langgraph').slice(-1)
    expect(received).toMatchObject({ method: 'POST', path: '/threads/search' })
    expect(decodeJwt(String(received?.headers.get('authorization')?.slice('Bearer '.length)))).toMatchObject({
      iss: gateway.url,
      sub: 'alice',
    })
    expect(received?.headers.get('x-user-email')).toBe('alice@acme.com')
  })

  it('the test gateway answers 401 to a bad token or audience, and 403 to a person without the role', async () => {
    const before = gateway.received('langgraph').length
    const statusOf = async (as?: Parameters<TestGateway['token']>[0]) =>
      (await gateway.fetch('/agents/langgraph/info', { ...(as && { as }) })).status
    expect(await statusOf()).toBe(401)
    expect(await statusOf({ ...alice, expiresIn: -60 })).toBe(401)
    expect(await statusOf({ ...alice, roles: ['guest'] })).toBe(403)
    expect(await statusOf({ ...alice, claims: { aud: 'other' } })).toBe(401)
    expect(gateway.received('langgraph')).toHaveLength(before)
    expect(await statusOf(alice)).toBe(200)
  })

  it('the test gateway answers 403 to a service if the policy allows only people', async () => {
    const reply = await gateway.fetch('/agents/ag2', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"threadId":"t","runId":"r","messages":[],"tools":[],"context":[],"state":{}}',
      as: { sub: 'robot', roles: ['member'], isService: true },
    })
    expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([403, 'policy-denied'])
  })

  it('the test gateway throws an error that names a route or issuer that does not exist', async () => {
    expect(() => gateway.received('nowhere')).toThrow('There is no route "nowhere".')
    expect(() => gateway.token({ sub: 'a', issuer: 'nobody' })).toThrow('No route trusts an issuer "nobody".')
  })
})

it('failedExamples reports a failing example with its policy, number and actual result', async () => {
  const { failedExamples } = (await builtPackage()).testing
  const policy = {
    id: 'talk',
    allow: [{ name: 'members', operations: ['run.*'], when: { role: 'member' } }],
    examples: [
      { as: { roles: ['member'] }, does: 'run.stream', expect: 'allow' as const },
      { as: {}, does: 'run.stream', expect: 'allow' as const },
    ],
  }
  expect(failedExamples([{ policies: [policy] }] as never)).toEqual([
    'policies/talk.ts, examples[1]: run.stream is denied, and the example says allow',
  ])
})
