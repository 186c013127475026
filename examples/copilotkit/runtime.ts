import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HttpAgent } from '@ag-ui/client'
import { CopilotRuntime, InMemoryAgentRunner } from '@copilotkit/runtime/v2'
import { createCopilotNodeListener } from '@copilotkit/runtime/v2/node'

export interface RuntimeOptions {
  /** 0 takes a free port. */
  port?: number
  /** Where each agent is, by the name that the page asks for: addresses of the gateway, not of the agents. */
  agents: Record<string, string>
}

/**
 * A CopilotKit runtime without a line about who is asking. It hands the `authorization` and `x-*` headers of a request on to
 * the agent of that request, which is all that Sallyport needs.
 */
export async function startRuntime({
  port = 0,
  agents,
}: RuntimeOptions): Promise<{ url: string; close(): Promise<void> }> {
  const runtime = new CopilotRuntime({
    agents: Object.fromEntries(Object.entries(agents).map(([name, url]) => [name, new HttpAgent({ url })])),
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
  const { PORT, AGENT_URL = '', AG2_URL, MAF_URL } = process.env
  const agents: Record<string, string> = { default: AGENT_URL }
  if (AG2_URL) agents.ag2 = AG2_URL
  if (MAF_URL) agents.maf = MAF_URL
  const { url } = await startRuntime({ port: Number(PORT), agents })
  console.log(`CopilotKit runtime at ${url}, agents: ${Object.keys(agents).join(', ')}`)
}
