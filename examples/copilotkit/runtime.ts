import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HttpAgent } from '@ag-ui/client'
import { LangGraphAgent } from '@copilotkit/runtime/langgraph'
import { BuiltInAgent, CopilotRuntime, defineTool, InMemoryAgentRunner } from '@copilotkit/runtime/v2'
import { createCopilotNodeListener } from '@copilotkit/runtime/v2/node'
import { z } from 'zod'

export interface RuntimeOptions {
  /** The port; 0 takes a free one. */
  port?: number
  /**
   * The address of each agent, by the agent's name in the page. These are addresses of the gateway,
   * not of the agents.
   */
  agents: Record<string, string>
  /** The address, on the gateway, of a LangGraph server with a graph that is called `agent`. */
  langgraph?: string
  /**
   * The model of the runtime's own agent, such as `openai/gpt-4o-mini`. If it is absent, the
   * runtime has no agent of its own.
   */
  model?: string
}

/**
 * Makes CopilotKit's built-in agent. It runs in the runtime itself, so its tool can read the header
 * that the gateway has set.
 */
const builtIn = (model: string, request: Request) =>
  new BuiltInAgent({
    model,
    maxSteps: 3,
    tools: [
      defineTool({
        name: 'get_account_data',
        description: 'Looks up an account of the signed-in user.',
        parameters: z.object({ account_id: z.string() }),
        execute: async ({ account_id }) => ({ account_id, user: request.headers.get('x-user-id') }),
      }),
    ],
  })

/**
 * Starts a CopilotKit runtime. It has no code for tokens: it forwards the `authorization` and `x-*`
 * headers of a request to its agent. Sallyport needs nothing else.
 */
export async function startRuntime({
  port = 0,
  agents,
  langgraph,
  model,
}: RuntimeOptions): Promise<{ url: string; close(): Promise<void> }> {
  const remote = Object.fromEntries(Object.entries(agents).map(([name, url]) => [name, new HttpAgent({ url })]))
  const runtime = new CopilotRuntime({
    agents: ({ request }) => ({
      ...remote,
      ...(langgraph && { langgraph: new LangGraphAgent({ deploymentUrl: langgraph, graphId: 'agent' }) }),
      ...(model && { 'built-in': builtIn(model, request) }),
    }),
    runner: new InMemoryAgentRunner(),
  })
  const server = createServer(createCopilotNodeListener({ runtime, basePath: '/api/copilotkit' }))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/copilotkit`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

if (import.meta.main) {
  const { PORT, AGENT_URL = '', AG2_URL, MAF_URL, LANGGRAPH_URL, MODEL } = process.env
  const agents: Record<string, string> = { default: AGENT_URL }
  if (AG2_URL) agents.ag2 = AG2_URL
  if (MAF_URL) agents.maf = MAF_URL
  const { url } = await startRuntime({
    port: Number(PORT),
    agents,
    ...(LANGGRAPH_URL && { langgraph: LANGGRAPH_URL }),
    ...(MODEL && { model: MODEL }),
  })
  console.log(`CopilotKit runtime at ${url}`)
}
