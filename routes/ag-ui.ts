import { defineRoute } from 'sallyport'
import companyLogin from '../policies/company-login'
import membersChat from '../policies/members-chat'

/**
 * A route for any agent that speaks AG-UI. With `npm start`, it is the sample in
 * examples/ag-ui-agent.
 */
export default defineRoute({
  id: 'ag-ui',
  path: '/agents/ag-ui',
  agent: { kind: 'ag-ui', origin: { env: 'AG_UI_AGENT_URL' } },
  trust: [companyLogin],
  policies: [membersChat],
  identity: { state: { key: 'auth_user' } },
  cors: { origins: [{ env: 'APP_ORIGIN' }] },
})
