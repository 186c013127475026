import { defineRoute } from 'sallyport'
import chat from '../policies/copilotkit-chat'
import ownGate from '../policies/own-gate'

/**
 * Between the runtime and the agent: takes the word that the route in front gave, and writes who it
 * is about into the state.
 */
export default defineRoute({
  id: 'copilotkit-agent',
  path: '/agents/copilotkit-agent',
  agent: { kind: 'ag-ui', origin: { env: 'COPILOTKIT_AGENT_URL' } },
  // Without a route in front, the runtime passes the user's own token on: trust companyLogin here
  // instead.
  trust: [ownGate],
  policies: [chat],
  identity: { state: { key: 'auth_user' } },
})
