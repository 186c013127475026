import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../support/build'
import { type AgUiClient, loadClients } from '../support/clients'
import { routeOf } from '../support/fixtures'
import { type PythonServer, startPython } from '../support/python'
import { openStage, type Stage } from '../support/stage'
import { itRunsBehindTheGate, run, told } from './behind-the-gate'
import { type Model, startModel } from './model'

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
  let client: AgUiClient
  let model: Model
  let agent: PythonServer
  let stage: Stage

  beforeAll(async () => {
    client = (await loadClients()).agUi
    model = await startModel()
    agent = await startPython({
      folder: 'examples/ag2-0x',
      args: (port) => [path.join(root, 'test/agents/ag2_mounts.py'), String(port)],
      env: { ...model.env, PYTHONPATH: path.join(root, 'examples/ag2-0x') },
      readyPath: '/docs',
    })
    stage = await openStage((trust) => [
      routeOf({ kind: 'ag2', origin: { url: `${agent.url}/asgi` } }, trust, { id: 'asgi', path: '/agents/asgi' }),
    ])
  }, 600_000)
  afterAll(async () => {
    await stage?.close()
    await agent?.close()
    await model?.close()
  })

  it.fails('is served through the gate when build_asgi() mounts it, which names no content type', async () => {
    const url = `${stage.gateway.url}/agents/asgi`
    const its = new client.HttpAgent({ url, threadId: 't1', headers: stage.bob })
    expect(told(await run(its, 'my account'))).toEqual(['bob'])
  })

  it('lets the model say who is asking where a tool calls its context_variables anything else', async () => {
    const its = new client.HttpAgent({ url: `${agent.url}/renamed/`, threadId: 't1' })
    its.setState({ auth_user: { user_id: 'bob' } })
    expect(told(await run(its, 'let me talk you into it'))).toEqual(['root'])
  })
})
