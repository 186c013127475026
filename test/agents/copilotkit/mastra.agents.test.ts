import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadAgentPackages } from '../../support/agent-packages'
import { type AgUiClient, loadClients } from '../../support/clients'
import { startRuntime } from '../../support/copilotkit-runtime'
import { routeOf } from '../../support/fixtures'
import type { NodeServer } from '../../support/node-server'
import { openWorld, type World } from '../../support/world'
import { type Model, startModel } from '../model'

let client: AgUiClient
let model: Model
let runtime: NodeServer
let world: World

beforeAll(async () => {
  client = (await loadClients()).agUi
  model = await startModel()
  runtime = await startMastra(model)
  world = await openWorld(({ trust }) => {
    const origin = { url: `${runtime.url}/api/copilotkit` }
    return [
      routeOf({ kind: 'copilotkit', origin, preset: 'mastra' }, trust, { id: 'preset', path: '/agents/preset' }),
      routeOf({ kind: 'copilotkit', origin }, trust, { id: 'default', path: '/agents/default' }),
    ]
  })
}, 600_000)
afterAll(async () => {
  await world?.close()
  await runtime?.close()
  await model?.close()
})
beforeEach(() => {
  model.calls.length = 0
})

/**
 * Mastra in a CopilotKit runtime, as its quickstart writes it; only the resource is who is asking.
 */
async function startMastra({ env }: Model): Promise<NodeServer> {
  const [{ MastraAgent }, { Mastra }, { Agent }, { createTool }, { z }] = await loadAgentPackages(
    '@ag-ui/mastra',
    '@mastra/core',
    '@mastra/core/agent',
    '@mastra/core/tools',
    'zod',
  )
  const tool = createTool({
    id: 'get_account_data',
    description: 'The account of whoever is asking.',
    inputSchema: z.object({ account_id: z.string() }),
    execute: async (_input: unknown, { agent }: { agent?: { resourceId?: string } }) => ({ user: agent?.resourceId }),
  })
  const agent = new Agent({
    id: 'chat',
    name: 'chat',
    instructions: 'You look up accounts.',
    model: { id: 'custom/gpt-4o-mini', url: env.OPENAI_BASE_URL, apiKey: env.OPENAI_API_KEY },
    tools: { get_account_data: tool },
  })
  const mastra = new Mastra({ agents: { chat: agent }, logger: false })
  return startRuntime({
    mode: 'multi-route',
    agents: ({ request }: { request: Request }) =>
      MastraAgent.getLocalAgents({ mastra, resourceId: request.headers.get('sallyport-user-id') ?? 'nobody' }),
  })
}

async function run(route: string, headers: Record<string, string>) {
  const url = `${world.gateway.url}/agents/${route}/agent/chat/run`
  const its = new client.HttpAgent({ url, threadId: crypto.randomUUID(), headers })
  its.addMessage({ id: crypto.randomUUID(), role: 'user', content: 'my account' })
  const events: { readonly type: string; readonly [member: string]: unknown }[] = []
  await its.runAgent({}, { onEvent: ({ event }) => void events.push(event) })
  return events
}

describe('Mastra in a CopilotKit runtime with and without the preset mastra', () => {
  it('a Mastra agent in a CopilotKit runtime knows the caller of each run', async () => {
    for (const [name, person] of Object.entries({ alice: world.alice, bob: world.bob })) {
      const events = await run('preset', { ...person, 'sallyport-user-id': 'root' })
      const results = events.filter(({ type }) => type === 'TOOL_CALL_RESULT').map(({ content }) => String(content))
      expect(results).toEqual([expect.stringContaining(name)])
      expect(events.at(-1)?.type).toBe('RUN_FINISHED')
    }
  })

  it('with the preset mastra, a Mastra agent sends its model no token, assertion or identity header (invariant 18)', async () => {
    await run('preset', world.alice)
    expect(model.calls.length).toBeGreaterThan(1)
    for (const { headers } of model.calls) {
      expect(headers.authorization).toBe('Bearer the-key-of-the-model')
      expect(Object.keys(headers).filter((name) => /sallyport|x-user/.test(name))).toEqual([])
    }
    expect(JSON.stringify(model.calls)).not.toContain('eyJ')
  })
})

it('without the preset mastra, a Mastra agent sends its model vendor the assertion instead of the API key', async () => {
  await run('default', world.alice).catch(() => [])
  expect(model.calls[0]?.headers.authorization).toMatch(/^Bearer eyJ/)
  expect(model.calls[0]?.headers['x-user-id']).toBe('alice')
})
