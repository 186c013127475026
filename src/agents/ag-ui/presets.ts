import { isObject, type Json } from '../../json'
import { authUser, type IdentityChannels } from '../identity'
import { type AgUiAdapter, agUi } from './adapter'
import { withoutIdentity } from './identity-out'
import { mastraRules } from './mastra'

const identity = (channels: Partial<IdentityChannels>): AgUiAdapter => ({
  ...agUi,
  identity: { ...agUi.identity, ...channels },
})
const inState = identity({ state: { key: 'auth_user', fields: authUser } })
const bearer = identity({ assertion: 'bearer' })
/**
 * Agents whose adapters take the identity from each request, even if it answers another person's
 * run.
 */
const ofRequest = { storesIdentity: false } as const

/**
 * Session state that ADK keeps for itself or for all users (`app:`), and `headers`, where its
 * `extract_headers` puts values of headers. A value from the caller would win there.
 */
const ADK_OWN_STATE = /^(?:headers|_ag_ui_.*|app:.*|(?:user|temp):user[-_]?id)$/i

function withoutAdkState(body: Json): Json {
  if (!isObject(body) || !isObject(body.state)) return body
  for (const key of Object.keys(body.state)) if (ADK_OWN_STATE.test(key)) delete body.state[key]
  return body
}

/** Where well-known AG-UI agents look for the user, as their adapters' sources say. */
export const agUiPresets = {
  /** AgentOS: `forwardedProps.user_id` is the run's user. */
  agno: { ...identity({ forwardedProps: { user_id: 'user_id' } }), ...ofRequest },
  /** Google ADK: `user_id_extractor` reads `input.state`, tools read `tool_context.state`. */
  adk: {
    ...agUi,
    ...ofRequest,
    identity: { ...agUi.identity, state: { fields: { user_id: 'user_id' } } },
    rewrite: (body, call, who) => agUi.rewrite(withoutAdkState(body), call, who),
    // ADK puts the result of `user_id_extractor` into every snapshot.
    identityRemoved: (channels) => withoutIdentity(channels, { alsoInState: ['_ag_ui_user_id'] }),
  },
  /** `ctx.deps.state.auth_user`, where the state model has it. */
  'pydantic-ai': { ...inState, ...ofRequest },
  /**
   * `self.state["auth_user"]`, where the flow's state has it. A flow that continues reads the state
   * with which it stopped.
   */
  crewai: inState,
  /**
   * `ag-ui-langgraph`: `runtime.state["auth_user"]`, where the graph's state has it. The state is
   * stored in its checkpoints.
   */
  'langgraph-fastapi': inState,
  /** Available to `state_context_builder`. */
  strands: { ...inState, ...ofRequest },
  /**
   * LlamaIndex writes the whole state into the prompt. So identity is sent only as the signed
   * assertion.
   */
  llamaindex: agUi,
  /** Its `server.auth` verifies a bearer token. */
  mastra: { ...bearer, threads: { rules: mastraRules } },
  /** Spring Security's resource server verifies a bearer token. */
  'spring-ai': bearer,
} satisfies Record<string, AgUiAdapter>
