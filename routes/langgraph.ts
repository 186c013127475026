import { defineRoute } from 'sallyport'
import companyLogin from '../policies/company-login'
import membersChat from '../policies/members-chat'

/**
 * A route for a LangGraph server. Its graphs read the user at `config["configurable"]["x-user-id"]`
 * and the other `x-user-*` names. A Python server needs `"http": {"configurable_headers":
 * {"includes": ["x-user-*"]}}` in langgraph.json for that. A JavaScript server needs nothing.
 */
export default defineRoute({
  id: 'langgraph',
  path: '/agents/langgraph',
  agent: { kind: 'langgraph', origin: { env: 'LANGGRAPH_AGENT_URL' } },
  trust: [companyLogin],
  policies: [membersChat],
  // The web origin of the front end. Like the agent's address, it differs between staging and
  // production.
  cors: { origins: [{ env: 'APP_ORIGIN' }] },
})
