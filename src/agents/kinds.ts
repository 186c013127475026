import { a2a } from './a2a'
import type { Adapter } from './adapter'
import { agUi } from './ag-ui'
import { agUiPresets } from './ag-ui-presets'
import { ag2 } from './ag2'
import { copilotkit } from './copilotkit'
import { http } from './http'
import { langgraph } from './langgraph'
import { maf } from './maf'
import { mcp } from './mcp'

/** Every kind of agent that a route can name. */
export const kinds = { langgraph, ag2, maf, 'ag-ui': agUi, copilotkit, mcp, a2a, http } as const satisfies Record<
  string,
  Adapter
>

/** What a route's agent is spoken to by: its kind, or the preset of it that the route names. */
export const adapterOf = (agent: {
  readonly kind: keyof typeof kinds
  readonly preset?: keyof typeof agUiPresets | undefined
}): Adapter => (agent.preset ? agUiPresets[agent.preset] : kinds[agent.kind])
