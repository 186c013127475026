import { defineRoute } from 'sallyport'
import companyLogin from '../policies/company-login'
import membersChat from '../policies/members-chat'

/**
 * A route for Microsoft Agent Framework. In Python, tools read `ctx.session.state["auth_user"]`
 * without any change. In .NET, AddJwtBearer fills `HttpContext.User` if `JwtAuthority` is this
 * gateway's PUBLIC_URL and `JwtAudience` is "maf".
 */
export default defineRoute({
  id: 'maf',
  path: '/agents/maf',
  agent: { kind: 'maf', origin: { env: 'MAF_AGENT_URL' } },
  trust: [companyLogin],
  policies: [membersChat],
  assertion: { audience: 'maf' },
  cors: { origins: [{ env: 'APP_ORIGIN' }] },
})
