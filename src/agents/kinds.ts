import type { Agent } from '../config/define'
import { a2a } from './a2a/adapter'
import type { Adapter } from './adapter'
import { agUi } from './ag-ui/adapter'
import { ag2 } from './ag-ui/ag2'
import { maf } from './ag-ui/maf'
import { agUiPresets } from './ag-ui/presets'
import { beforeMastra, copilotkit, copilotkitSingleRoute } from './copilotkit/adapter'
import { http } from './http'
import { langgraph } from './langgraph/adapter'
import { mcp, mcpWithStores } from './mcp/adapter'

/** Every kind of agent that a route can name. */
export const kinds = { langgraph, ag2, maf, 'ag-ui': agUi, copilotkit, mcp, a2a, http } satisfies Record<
  Agent['kind'],
  Adapter
>

const presets = agUiPresets satisfies Record<NonNullable<Extract<Agent, { kind: 'ag-ui' }>['preset']>, Adapter>

/** Returns the adapter for a route's agent, by the agent's kind, preset, style and event store. */
export function adapterOf(agent: Agent): Adapter {
  if (agent.kind === 'ag-ui' && agent.preset) return presets[agent.preset]
  if (agent.kind === 'copilotkit') {
    const adapter = agent.style === 'single-route' ? copilotkitSingleRoute : copilotkit
    return agent.preset ? beforeMastra(adapter) : adapter
  }
  if (agent.kind === 'mcp' && agent.eventStore) return mcpWithStores
  return kinds[agent.kind]
}
