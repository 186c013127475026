import { expect, vi } from 'vitest'
import { type AgentPackage, loadAgentPackages } from '../support/agent-packages'
import { type AgUiClient, type LangGraphSdk, loadClients, type StreamPart } from '../support/clients'

/** The clients whose reports of failures are compared. */
export interface RefusedClients {
  readonly agUi: AgUiClient
  readonly langGraph: LangGraphSdk
  readonly mcp: Record<'Client' | 'StreamableHTTPClientTransport' | 'StreamableHTTPError' | 'McpError', AgentPackage>
  readonly UnauthorizedError: AgentPackage
}

export async function loadRefusedClients(): Promise<RefusedClients> {
  // The clients print failures that they also report.
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const [client, transport, types, auth] = await loadAgentPackages(
    '@modelcontextprotocol/sdk/client/index.js',
    '@modelcontextprotocol/sdk/client/streamableHttp.js',
    '@modelcontextprotocol/sdk/types.js',
    '@modelcontextprotocol/sdk/client/auth.js',
  )
  const mcp = { ...client, ...transport, McpError: types.McpError }
  return { ...(await loadClients()), mcp, UnauthorizedError: auth.UnauthorizedError }
}

/** The error that work is rejected with. */
export async function failureOf(work: Promise<unknown>): Promise<AgentPackage> {
  const [outcome] = await Promise.allSettled([work])
  if (outcome.status === 'fulfilled') expect.unreachable('nothing failed')
  return outcome.reason
}

/**
 * Runs an agent of AG-UI.
 *
 * @returns the outcome, and which of its subscriber's callbacks were called
 */
export async function runAgent(agent: InstanceType<AgUiClient['HttpAgent']>) {
  const called: string[] = []
  const told: AgentPackage[] = []
  const note = (name: string) => (params: AgentPackage) => {
    if (name === 'onEvent') return
    called.push(name)
    told.push(params.event)
  }
  agent.addMessage({ id: 'q1', role: 'user', content: 'hello' })
  const subscriber = new Proxy({}, { get: (_target, name) => /^on/.test(String(name)) && note(String(name)) })
  const outcome = await agent.runAgent({}, subscriber).then(
    (result) => ({ result, error: undefined }),
    (error: AgentPackage) => ({ result: undefined, error }),
  )
  return { ...outcome, called, last: told.findLast(Boolean) }
}

export async function collect(stream: AsyncGenerator<StreamPart>): Promise<StreamPart[]> {
  const parts: StreamPart[] = []
  for await (const part of stream) parts.push(part)
  return parts
}

/** A client of MCP. @returns it, what its `onerror` is told, and a function that connects it */
export function mcpClient({ mcp }: RefusedClients, url: string, options: object) {
  const client = new mcp.Client({ name: 'app', version: '1.0.0' })
  const told: Error[] = []
  client.onerror = (error: Error) => told.push(error)
  const transport = new mcp.StreamableHTTPClientTransport(new URL(url), options)
  return { client, told, connect: (): Promise<void> => client.connect(transport) }
}
