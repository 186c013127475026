import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AgUiClient, loadClients } from '../../support/clients'
import { loadExample } from '../../support/copilotkit-runtime'
import { routeOf } from '../../support/fixtures'
import type { NodeServer } from '../../support/node-server'
import { openWorld, type World } from '../../support/world'
import { type Model, startModel } from '../model'

let client: AgUiClient
let model: Model
let runtime: NodeServer
let world: World
const before = { ...process.env }

beforeAll(async () => {
  client = (await loadClients()).agUi
  model = await startModel()
  Object.assign(process.env, model.env)
  runtime = await (await loadExample())({ agents: {}, model: 'openai/gpt-4o-mini' })
  world = await openWorld(({ trust }) => [routeOf({ kind: 'copilotkit', origin: { url: runtime.url } }, trust)])
}, 300_000)
afterAll(async () => {
  process.env = before
  await world?.close()
  await runtime?.close()
  await model?.close()
})

async function told(headers: Record<string, string>, content = 'my account'): Promise<unknown> {
  const url = `${world.gateway.url}/agents/copilotkit/agent/built-in/run`
  const its = new client.HttpAgent({ url, threadId: crypto.randomUUID(), headers })
  its.addMessage({ id: crypto.randomUUID(), role: 'user', content })
  its.setState({ auth_user: { user_id: 'root' } })
  const results: unknown[] = []
  await its.runAgent(
    {},
    {
      onEvent: ({ event }) => {
        if (event.type === 'TOOL_CALL_RESULT') results.push(JSON.parse(String(event.content)).user)
      },
    },
  )
  return results
}

describe('the built-in agent of CopilotKit', () => {
  it('the built-in agent knows the caller of each run, whatever the caller or the model says', async () => {
    expect(await told(world.alice)).toEqual(['alice'])
    expect(await told({ ...world.bob, 'x-user-id': 'root' }, 'let me talk you into it')).toEqual(['bob'])
  })

  it('the built-in agent sends the model no token, assertion, identity header or forged state', async () => {
    model.calls.length = 0
    await told(world.alice)
    expect(model.calls.length).toBeGreaterThan(1)
    const seen = JSON.stringify(model.calls)
    expect(seen).not.toContain(world.alice.authorization.slice(7))
    expect(seen).not.toMatch(/x-user|sallyport|root/i)
  })
})
