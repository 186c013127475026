import { defineRoute } from 'sallyport'
import companyLogin from '../../../../policies/company-login'
import chat from '../policies/copilotkit-chat'

/**
 * The route in front of the CopilotKit runtime. It verifies the user's token, and sends the runtime
 * a signed assertion instead of the token.
 */
export default defineRoute({
  id: 'copilotkit',
  path: '/agents/copilotkit',
  agent: { kind: 'copilotkit', origin: { env: 'COPILOTKIT_RUNTIME_URL' } },
  trust: [companyLogin],
  policies: [chat],
  cors: { origins: [{ env: 'COPILOTKIT_PAGE_ORIGIN' }] },
})
