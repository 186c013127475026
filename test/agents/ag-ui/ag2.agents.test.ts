import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgUiEvent } from '../../support/clients'
import { startPython } from '../../support/python'
import { itRunsBehindTheGate, run, told } from './behind-the-gateway'
import { type ExampleStage, openExample } from './example-stage'

const startExample = (name: string) => (env: Record<string, string>) =>
  startPython({
    folder: `examples/${name}`,
    args: (port) => ['-m', 'uvicorn', 'agent:app', '--port', String(port)],
    env,
    readyPath: '/docs',
  })

itRunsBehindTheGate({
  name: 'AG2 0.x',
  kind: 'ag2',
  start: startExample('ag2-0x'),
  mount: '/chat',
  stopsModel: false,
})

// It answers at `/chat/`, and redirects there.
itRunsBehindTheGate({
  name: 'AG2 1.x, mounted by build_asgi()',
  kind: 'ag2',
  start: startExample('ag2-1x'),
  mount: '/chat',
  stopsModel: false,
})

describe('AG2 0.x', () => {
  let stage: ExampleStage
  beforeAll(async () => {
    stage = await openExample('ag2', 'ag2-0x', 'ag2_0x_mounts.py')
  }, 600_000)
  afterAll(() => stage?.close())

  it('an AG2 0.x agent mounted with build_asgi() works through the gateway', async () => {
    expect(told(await run(stage.through('asgi'), 'my account'))).toEqual(['bob'])
  })

  it('an AG2 0.x tool that renames the parameter context_variables gets a user that the model chose', async () => {
    const its = stage.around('renamed')
    its.setState({ auth_user: { user_id: 'bob' } })
    expect(told(await run(its, 'let me talk you into it'))).toEqual(['root'])
  })
})

describe('AG2 1.x', () => {
  let stage: ExampleStage
  beforeAll(async () => {
    stage = await openExample('ag2', 'ag2-1x', 'ag2_1x_mounts.py')
  }, 600_000)
  afterAll(() => stage?.close())

  it('on a route with shared threads, the gateway removes identity from state snapshots of AG2 1.x', async () => {
    const snapshots = (events: readonly AgUiEvent[]) => events.filter(({ type }) => type === 'STATE_SNAPSHOT')
    const [far, near] = [stage.through('counting-shared'), stage.around('counting')]
    near.setState({ theme: 'dark', auth_user: { user_id: 'bob' } })
    far.setState({ theme: 'dark' })
    const state = { theme: 'dark', lookups: 1 }
    expect(snapshots(await run(near, 'my account'))).toMatchObject([{ snapshot: { ...state, auth_user: {} } }])
    const events = await run(far, 'my account')
    expect(told(events)).toEqual(['bob'])
    expect(snapshots(events).map(({ snapshot }) => snapshot)).toEqual([state])
    expect(far.state).toEqual(state)
  })

  it('a variable auth_user that an AG2 1.x agent sets overrides the identity from the gateway', async () => {
    expect(told(await run(stage.through('own'), 'my account'))).toEqual(['nobody'])
  })

  it('a signed-in caller can read the capabilities of AG2 1.x, and a caller without a token gets 401', async () => {
    const ask = (headers = {}) => stage.world.gateway.fetch('/agents/counting', { headers })
    expect((await ask()).status).toBe(401)
    const reply = await ask(stage.world.bob)
    expect(reply.status).toBe(200)
    expect(await reply.json()).toMatchObject({ state: expect.anything() })
  })

  it('AG2 1.x writes the context of a request, but not the state, into the prompt of its model', async () => {
    stage.model.calls.length = 0
    const context = [{ description: 'page', value: 'billing' }]
    await run(stage.through('counting'), 'my account', { context })
    const [asked] = stage.model.calls.map(({ body }) => JSON.stringify(body))
    expect(asked).toContain('billing')
    expect(asked).not.toContain('auth_user')
  })

  /**
   * Alice's agent asks a question, and bob answers it, who has learned the ids of thread and
   * question.
   */
  async function bobAnswers(mount: string): Promise<string> {
    const asked = (await run(stage.through(mount, stage.world.alice), 'my account')).at(-1)!
    const [interrupt] = (asked.outcome as { interrupts: { id: string }[] }).interrupts
    const resume = [{ interruptId: interrupt!.id, status: 'resolved', payload: 'yes' }]
    const input = { threadId: asked.threadId, runId: 'r2', messages: [], tools: [], context: [], forwardedProps: {} }
    const reply = await stage.world.gateway.fetch(`/agents/${mount}/`, {
      method: 'POST',
      headers: { ...stage.world.bob, 'content-type': 'application/json' },
      body: JSON.stringify({ ...input, resume }),
    })
    return reply.text()
  }

  it('a person cannot answer an interrupt in a thread of another person (X6)', async () => {
    const reply = await bobAnswers('asking')
    expect(reply).toContain('RUN_ERROR')
    expect(reply).not.toMatch(/TOOL_CALL_RESULT|alice/)
  })

  it('with shared threads, a run that another person resumes keeps the identity of the person who began the run', async () => {
    expect(await bobAnswers('asking-shared')).toMatch(/TOOL_CALL_RESULT.*alice/)
  })

  it('AG2 with require_resume_proof refuses an answer from another person to an interrupt', async () => {
    const reply = await bobAnswers('proving-shared')
    expect(reply).toContain('INTERRUPT_NOT_PROVEN')
    expect(reply).not.toContain('alice')
  })
})
