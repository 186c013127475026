import { type AgUiAdapter, agUi, stateIdentity } from './adapter'

/**
 * AG2's `AGUIStream`, 0.x and 1.x. Request headers never reach its agents. `state` becomes the
 * context variables of tools, so `context_variables.get("auth_user")` (0.x) and
 * `ctx.variables["auth_user"]` (1.x) read what the gateway wrote. AG2 sends no keep-alive of its
 * own. 1.x stores a run that waits for an answer together with its first variables.
 */
export const ag2: AgUiAdapter = { ...agUi, kind: 'ag2', identity: stateIdentity }
