import type { IncomingMessage } from 'node:http'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { type AgentPackage, loadAgentPackages } from './agent-packages'
import { root } from './build'
import { type NodeServer, startNodeServer } from './node-server'
import { ready } from './packages'

export interface RuntimeOptions {
  readonly mode: 'multi-route' | 'single-route'
  /** By name, or made for each request. */
  readonly agents: AgentPackage
  /** Lets pages of any origin ask it. */
  readonly cors?: boolean
  /** Is shown every request that reaches it. */
  readonly onRequest?: (request: IncomingMessage) => void
}

/** A CopilotKit runtime as its guide writes it. Its base is `/api/copilotkit`. */
export async function startRuntime({ mode, agents, cors = false, onRequest }: RuntimeOptions): Promise<NodeServer> {
  process.env.COPILOTKIT_TELEMETRY_DISABLED = 'true'
  const [{ CopilotRuntime, InMemoryAgentRunner }, { createCopilotNodeListener }] = await loadAgentPackages(
    '@copilotkit/runtime/v2',
    '@copilotkit/runtime/v2/node',
  )
  const runtime = new CopilotRuntime({ agents, runner: new InMemoryAgentRunner() })
  const listener: AgentPackage = createCopilotNodeListener({ runtime, basePath: '/api/copilotkit', mode, cors })
  return startNodeServer((request, response) => {
    onRequest?.(request)
    listener(request, response)
  })
}

type StartExample = (options: {
  agents: Record<string, string>
  langgraph?: string
  model?: string
}) => Promise<NodeServer>

/** The runtime of the example, which has packages of its own. Its address has the base in it. */
export async function loadExample(): Promise<StartExample> {
  process.env.COPILOTKIT_TELEMETRY_DISABLED = 'true'
  await ready('examples/copilotkit')
  const { startRuntime } = await import(pathToFileURL(path.join(root, 'examples/copilotkit/runtime.ts')).href)
  return startRuntime
}
