import { describe, expect, it, vi } from 'vitest'
import { root } from '../support/build'
import { builtPackage } from '../support/house'

/* `sallyport explain 'METHOD PATH'`, on the routes of this repository. */

async function explain(...args: string[]) {
  const { run } = (await builtPackage()).cli
  const written: string[] = []
  const spies = (['log', 'error'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation((text: string) => void written.push(text)),
  )
  try {
    return { status: await run(['explain', ...args], root), text: written.join('\n') }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

describe('sallyport explain for a request', () => {
  it('sallyport explain prints the caller, the operation, the rule that allows it, and the headers for the agent', async () => {
    const body =
      '{"assistant_id":"agent","input":{},"config":{"configurable":{"langgraph_auth_user":{"identity":"mallory"}}}}'
    const { status, text } = await explain(
      'POST /agents/langgraph/runs/stream',
      ...['--as', '{"sub":"alice","roles":["member"]}', '--body', body],
      ...['--header', 'x-user-id: mallory', '--header', 'x-api-key: k'],
    )
    expect(status).toBe(0)
    expect(text).toContain('✓ caller     alice, a person, by https://login.example.com')
    expect(text).toContain('✓ operations run.stream')
    expect(text).toContain('allowed by members-chat/members and admins may talk')
    expect(text).toContain(
      '    run.stream, policy members-chat (2 other rules are not about it)\n' +
        '      hit  allow "members and admins may talk", for role member or admin',
    )
    expect(text).toContain('  x-user-id: alice')
    expect(text).toContain('Removed from the body: config.configurable.langgraph_auth_user.identity')
    expect(text).toContain('Removed or replaced: x-user-id, x-api-key')
    expect(text).not.toContain('mallory')
    // No signature of the gateway's is printed.
    expect(text).not.toMatch(/eyJ[\w-]+\./)
  })

  it('sallyport explain prints the policy that denies a request, and the refusal that the caller gets', async () => {
    const { text } = await explain(
      'DELETE /agents/langgraph/threads/11111111-1111-4111-8111-111111111111',
      '--as',
      'bob',
    )
    expect(text).toContain('✗ policies   members-chat does not allow it: role-missing')
    expect(text).toContain('      miss allow "admins may delete", for role admin: role-missing')
    expect(text).toContain('The gateway refuses it: 403 policy-denied (role-missing).')
    expect(text).toContain('  found     roles none\n  expected  role admin (rule "admins may delete")')
    expect(text).not.toContain('The agent gets')
  })

  it('sallyport explain prints the owner of the thread, and the members of the body that the gateway changes', async () => {
    const body =
      '{"threadId":"t1","runId":"r1","messages":[],"tools":[],"context":[],"state":{"auth_user":{"user_id":"ceo"}}}'
    const { text } = await explain(
      'POST /agents/ag-ui',
      ...['--as', '{"sub":"alice","roles":["member"]}', '--body', body],
    )
    expect(text).toMatch(/✓ thread {5}[0-9a-f-]{36}, of alice alone/)
    expect(text).toContain('Changed in the body: threadId, runId, state.auth_user.user_id')
    expect(text).toMatch(/Added to the body: .*state\.auth_user\.role/)
  })

  it('sallyport explain reports a request without a person, and a path without a route', async () => {
    expect((await explain('GET /agents/langgraph/info')).text).toContain('401 token-missing')
    expect((await explain('GET /nowhere', '--as', 'bob')).text).toContain('✗ route      none has this path')
  })

  it.each([
    [['hello'], 'is not a request'],
    [['GET /x', '--as', '{"name":"x"}'], '--as takes a person'],
    [['GET /x', '--body', '@nofile'], 'There is no file nofile'],
    [['GET /x', '--header', 'x'], 'is not a header'],
  ])('sallyport explain says what is wrong with a wrong or missing argument: %j', async (args, says) => {
    const { status, text } = await explain(...args)
    expect([status, text]).toEqual([1, expect.stringContaining(says)])
  })
})
