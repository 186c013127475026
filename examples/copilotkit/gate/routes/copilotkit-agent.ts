import { defineRoute } from 'sallyport'
import chat from '../policies/copilotkit-chat'
import ownGate from '../policies/own-gate'

/**
 * The route from the runtime to the agent. It accepts the assertion of the route in front of the
 * runtime, and writes the user into the state.
 */
export default defineRoute({
  id: 'copilotkit-agent',
  path: '/agents/copilotkit-agent',
  agent: { kind: 'ag-ui', origin: { env: 'COPILOTKIT_AGENT_URL' } },
  // Without a route in front, the runtime forwards the user's own token. Then trust companyLogin
  // here instead.
  trust: [ownGate],
  policies: [chat],
  identity: { state: { key: 'auth_user' } },
})
