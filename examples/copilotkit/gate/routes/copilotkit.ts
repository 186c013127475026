import { defineRoute } from 'sallyport'
import companyLogin from '../../../../policies/company-login'
import chat from '../policies/copilotkit-chat'

/**
 * In front of the runtime: checks the user's token, keeps it, and gives the runtime a signed word
 * of its own.
 */
export default defineRoute({
  id: 'copilotkit',
  path: '/agents/copilotkit',
  agent: { kind: 'copilotkit', origin: { env: 'COPILOTKIT_RUNTIME_URL' } },
  trust: [companyLogin],
  policies: [chat],
  cors: { origins: [{ env: 'COPILOTKIT_PAGE_ORIGIN' }] },
})
