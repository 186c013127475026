import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgUiEvent } from '../support/clients'
import { startPython } from '../support/python'
import { itRunsBehindTheGate, run, told } from './behind-the-gate'
import { openScene, type Scene } from './scene'

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
  let scene: Scene
  beforeAll(async () => {
    scene = await openScene('ag2', 'ag2-0x', 'ag2_0x_mounts.py')
  }, 600_000)
  afterAll(() => scene?.close())

  it('is served through the gate when build_asgi() mounts it, which names no content type', async () => {
    expect(told(await run(scene.through('asgi'), 'my account'))).toEqual(['bob'])
  })

  it('lets the model say who is asking where a tool calls its context_variables anything else', async () => {
    const its = scene.around('renamed')
    its.setState({ auth_user: { user_id: 'bob' } })
    expect(told(await run(its, 'let me talk you into it'))).toEqual(['root'])
  })
})

describe('AG2 1.x', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await openScene('ag2', 'ag2-1x', 'ag2_1x_mounts.py')
  }, 600_000)
  afterAll(() => scene?.close())

  it('sends a state that a tool has changed back whole, of which the gate takes the identity out', async () => {
    const snapshots = (events: readonly AgUiEvent[]) => events.filter(({ type }) => type === 'STATE_SNAPSHOT')
    const [far, near] = [scene.through('counting'), scene.around('counting')]
    near.setState({ theme: 'dark', auth_user: { user_id: 'bob' } })
    far.setState({ theme: 'dark' })
    const state = { theme: 'dark', lookups: 1 }
    expect(snapshots(await run(near, 'my account'))).toMatchObject([{ snapshot: { ...state, auth_user: {} } }])
    const events = await run(far, 'my account')
    expect(told(events)).toEqual(['bob'])
    expect(snapshots(events).map(({ snapshot }) => snapshot)).toEqual([state])
    expect(far.state).toEqual(state)
  })

  it('believes its own variables before the state: an agent may have none named auth_user', async () => {
    expect(told(await run(scene.through('own'), 'my account'))).toEqual(['nobody'])
  })

  it('says what it can do, to who may come in', async () => {
    const ask = (headers = {}) => scene.stage.gateway.fetch('/agents/counting', { headers })
    expect((await ask()).status).toBe(401)
    const reply = await ask(scene.stage.bob)
    expect(reply.status).toBe(200)
    expect(await reply.json()).toMatchObject({ state: expect.anything() })
  })

  it('writes the context of a request into the prompt, and not the state', async () => {
    scene.model.calls.length = 0
    const context = [{ description: 'page', value: 'billing' }]
    await run(scene.through('counting'), 'my account', { context })
    const [asked] = scene.model.calls.map(({ body }) => JSON.stringify(body))
    expect(asked).toContain('billing')
    expect(asked).not.toContain('auth_user')
  })

  /** Alice's agent asks a question, and bob answers it, who has learned the ids of thread and question. */
  async function bobAnswers(mount: string): Promise<string> {
    const asked = (await run(scene.through(mount, scene.stage.alice), 'my account')).at(-1)!
    const [interrupt] = (asked.outcome as { interrupts: { id: string }[] }).interrupts
    const resume = [{ interruptId: interrupt!.id, status: 'resolved', payload: 'yes' }]
    const input = { threadId: asked.threadId, runId: 'r2', messages: [], tools: [], context: [], forwardedProps: {} }
    const reply = await scene.stage.gateway.fetch(`/agents/${mount}/`, {
      method: 'POST',
      headers: { ...scene.stage.bob, 'content-type': 'application/json' },
      body: JSON.stringify({ ...input, resume }),
    })
    return reply.text()
  }

  it('X6: takes no answer to its question from anybody but its owner', async () => {
    const reply = await bobAnswers('asking')
    expect(reply).toContain('RUN_ERROR')
    expect(reply).not.toMatch(/TOOL_CALL_RESULT|alice/)
  })

  it('goes on as who began where threads are shared and somebody else answers its question', async () => {
    expect(await bobAnswers('asking-shared')).toMatch(/TOOL_CALL_RESULT.*alice/)
  })

  it('refuses that answer with require_resume_proof', async () => {
    const reply = await bobAnswers('proving-shared')
    expect(reply).toContain('INTERRUPT_NOT_PROVEN')
    expect(reply).not.toContain('alice')
  })
})
