import { defineRoute } from 'sallyport'
import chat from '../policies/copilotkit-chat'
import ownGate from '../policies/own-gate'

/**
 * The route from the CopilotKit runtime to the agent. It accepts the assertion that the route
 * "copilotkit" sent to the runtime, and writes the user into the state of the run.
 */
export default defineRoute({
  id: 'copilotkit-agent',
  path: '/agents/copilotkit-agent',
  agent: { kind: 'ag-ui', origin: { env: 'COPILOTKIT_AGENT_URL' } },
  // If no route is in front of the runtime, the runtime forwards the user's own token. Then trust
  // companyLogin here instead.
  trust: [ownGate],
  policies: [chat],
  identity: { state: { key: 'auth_user' } },
})
