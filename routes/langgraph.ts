import companyLogin from '../policies/company-login'
import membersChat from '../policies/members-chat'
import { defineRoute } from '../src/config/define'

/**
 * A LangGraph server. Its graphs read the user at `config["configurable"]["x-user-id"]` and the other `x-user-*` names; a
 * Python server needs `"http": {"configurable_headers": {"includes": ["x-user-*"]}}` in langgraph.json for that, a JavaScript
 * server nothing.
 */
export default defineRoute({
  id: 'langgraph',
  path: '/agents/langgraph',
  agent: { kind: 'langgraph', origin: { env: 'LANGGRAPH_AGENT_URL' } },
  trust: [companyLogin],
  policies: [membersChat],
  // The web origins of your front end; loopback is for `npm start`.
  cors: { origins: ['http://127.0.0.1:8080', 'http://localhost:3000'] },
})
