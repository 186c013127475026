import { defineRoute } from 'sallyport'
import companyLogin from '../policies/company-login'
import membersChat from '../policies/members-chat'
import peopleOnly from '../policies/people-only'

/**
 * A route for an AG2 agent behind `AGUIStream`. The agent's tools read the user from
 * `context_variables.get("auth_user")` (0.x) or `ctx.variables["auth_user"]` (1.x).
 */
export default defineRoute({
  id: 'ag2',
  path: '/agents/ag2',
  agent: { kind: 'ag2', origin: { env: 'AG2_AGENT_URL' } },
  trust: [companyLogin],
  policies: [membersChat, peopleOnly],
  identity: {
    // The members of the user's data that the agent's tools expect, field by field.
    state: {
      key: 'auth_user',
      fields: { user_id: 'user_id', role: 'role', email: 'email', name: 'name', tenant: 'tenant' },
    },
  },
  cors: { origins: [{ env: 'APP_ORIGIN' }] },
})
