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
 * The setting for agents that read the identity from each request. They do so even if the request
 * answers another person's run.
 */
const ofRequest = { storesIdentity: false } as const

/**
 * Members of the session state that ADK uses for itself or for all users (`app:`). `headers` is one
 * of them: ADK's `extract_headers` writes the values of headers there. A caller's value would
 * override ADK's value.
 */
const ADK_OWN_STATE = /^(?:headers|_ag_ui_.*|app:.*|(?:user|temp):user[-_]?id)$/i

function withoutAdkState(body: Json): Json {
  if (!isObject(body) || !isObject(body.state)) return body
  for (const key of Object.keys(body.state)) if (ADK_OWN_STATE.test(key)) delete body.state[key]
  return body
}

/**
 * Adapters for well-known AG-UI agents. They differ in the place where the agent looks for the
 * user, according to the source code of its AG-UI integration.
 */
export const agUiPresets = {
  /** AgentOS: `forwardedProps.user_id` is the run's user. */
  agno: { ...identity({ forwardedProps: { user_id: 'user_id' } }), ...ofRequest },
  /** Google ADK: `user_id_extractor` reads `input.state`, tools read `tool_context.state`. */
  adk: {
    ...agUi,
    ...ofRequest,
    identity: { ...agUi.identity, state: { fields: { user_id: 'user_id' } } },
    rewrite: (body, call, who) => agUi.rewrite(withoutAdkState(body), call, who),
    // ADK also puts the result of `user_id_extractor` into every state snapshot.
    identityRemoved: (channels) => withoutIdentity(channels, { alsoInState: ['_ag_ui_user_id'] }),
  },
  /** Agents read `ctx.deps.state.auth_user`, if their state model has this field. */
  'pydantic-ai': { ...inState, ...ofRequest },
  /**
   * Flows read `self.state["auth_user"]`, if their state has this field. A flow that continues
   * reads the state that it had when it stopped.
   */
  crewai: inState,
  /**
   * Graphs behind `ag-ui-langgraph` read `runtime.state["auth_user"]`, if their state has this
   * field. The graph's checkpoints store the state.
   */
  'langgraph-fastapi': inState,
  /** Strands' `state_context_builder` can read `state.auth_user`. */
  strands: { ...inState, ...ofRequest },
  /**
   * LlamaIndex writes the whole state into the prompt. So identity is sent only as the signed
   * assertion.
   */
  llamaindex: agUi,
  /** Mastra's `server.auth` verifies a bearer token. */
  mastra: { ...bearer, threads: { rules: mastraRules } },
  /** Spring Security's resource server verifies a bearer token. */
  'spring-ai': bearer,
} satisfies Record<string, AgUiAdapter>
