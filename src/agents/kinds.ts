import type { Adapter } from './adapter'
import { agUi } from './ag-ui'
import { ag2 } from './ag2'
import { http } from './http'
import { langgraph } from './langgraph'
import { maf } from './maf'

/** Every kind of agent that a route can name. */
export const kinds = { langgraph, ag2, maf, 'ag-ui': agUi, http } as const satisfies Record<string, Adapter>
