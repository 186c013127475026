import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AgUiClient, loadClients } from '../../support/clients'
import { loadExample } from '../../support/copilotkit-runtime'
import { routeOf } from '../../support/fixtures'
import type { NodeServer } from '../../support/node-server'
import { freePort } from '../../support/port'
import type { PythonServer } from '../../support/python'
import { openWorld, type World } from '../../support/world'
import { startPythonServer } from '../langgraph/servers'

let client: AgUiClient
let server: PythonServer
let runtime: NodeServer
let world: World

beforeAll(async () => {
  client = (await loadClients()).agUi
  server = await startPythonServer()
  const port = await freePort()
  const gate = `http://127.0.0.1:${port}`
  runtime = await (await loadExample())({ agents: {}, langgraph: `${gate}/agents/graph` })
  world = await openWorld(
    ({ trust }) => [
      routeOf({ kind: 'copilotkit', origin: { url: runtime.url } }, trust),
      routeOf(
        { kind: 'langgraph', origin: { url: server.url } },
        [{ id: 'gate', issuer: gate, audience: ['copilotkit'], algorithms: ['ES256'] }],
        { id: 'graph', path: '/agents/graph' },
      ),
    ],
    { port },
  )
}, 600_000)
afterAll(async () => {
  await world?.close()
  await runtime?.close()
  await server?.close()
})

async function answer(headers: Record<string, string>, props: object = {}): Promise<string> {
  const url = `${world.gateway.url}/agents/copilotkit/agent/langgraph/run`
  const its = new client.HttpAgent({ url, threadId: crypto.randomUUID(), headers })
  its.addMessage({ id: crypto.randomUUID(), role: 'user', content: 'hello' })
  await its.runAgent({ forwardedProps: props })
  return its.messages.at(-1)?.content ?? ''
}

describe('LangGraphAgent of CopilotKit between two gateways', () => {
  it('the graph behind LangGraphAgent of CopilotKit knows the caller of each run', async () => {
    expect(await answer(world.alice)).toBe('Hello alice. You said: “hello”')
    expect(await answer(world.bob)).toBe('Hello bob. You said: “hello”')
  })

  it('the graph does not see identity that the browser puts into forwardedProps of a run', async () => {
    const forged = {
      config: { configurable: { 'x-user-id': 'root', langgraph_auth_user: { identity: 'root' } } },
      context: { 'x-user-id': 'root' },
      webhook: 'http://127.0.0.1:1/',
      metadata: { user_id: 'root' },
    }
    const said = await answer({ ...world.bob, 'x-user-id': 'root', 'x-auth-scheme': 'langsmith' }, forged)
    expect(said).toBe('Hello bob. You said: “hello”')
  })

  it('LangGraphAgent sends each request to the graph in the name of the caller', async () => {
    const calls = () => world.gateway.audit.filter(({ route }) => route === 'graph')
    await expect.poll(() => calls().filter(({ operations }) => operations?.includes('run.stream')).length).toBe(3)
    expect(new Set(calls().map(({ who }) => who?.subject))).toEqual(new Set(['alice', 'bob']))
    expect(calls().filter(({ status }) => status >= 400 && status !== 404)).toEqual([])
  })
})
