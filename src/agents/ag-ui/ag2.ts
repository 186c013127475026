import { type AgUiAdapter, agUi, stateIdentity } from './adapter'

/**
 * The adapter for AG2's `AGUIStream`, 0.x and 1.x. Request headers never reach its agents. `state`
 * becomes the context variables of tools, so `context_variables.get("auth_user")` (0.x) and
 * `ctx.variables["auth_user"]` (1.x) read the identity from the gateway. AG2 sends no keep-alive
 * comments. If a run waits for an answer, AG2 1.x stores it together with its first variables.
 */
export const ag2: AgUiAdapter = { ...agUi, kind: 'ag2', identity: stateIdentity }
