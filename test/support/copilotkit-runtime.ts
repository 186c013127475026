import type { IncomingMessage } from 'node:http'
import { type AgentPackage, loadAgentPackages } from './agent-packages'
import { type NodeServer, startNodeServer } from './node-server'

export interface RuntimeOptions {
  readonly mode: 'multi-route' | 'single-route'
  /** By name, or made for each request. */
  readonly agents: AgentPackage
  /** Is shown every request that reaches it. */
  readonly onRequest?: (request: IncomingMessage) => void
}

/** A CopilotKit runtime as its guide writes it. Its base is `/api/copilotkit`. */
export async function startRuntime({ mode, agents, onRequest }: RuntimeOptions): Promise<NodeServer> {
  process.env.COPILOTKIT_TELEMETRY_DISABLED = 'true'
  const [{ CopilotRuntime, InMemoryAgentRunner }, { createCopilotNodeListener }] = await loadAgentPackages(
    '@copilotkit/runtime/v2',
    '@copilotkit/runtime/v2/node',
  )
  const runtime = new CopilotRuntime({ agents, runner: new InMemoryAgentRunner() })
  const listener: AgentPackage = createCopilotNodeListener({ runtime, basePath: '/api/copilotkit', mode })
  return startNodeServer((request, response) => {
    onRequest?.(request)
    listener(request, response)
  })
}
