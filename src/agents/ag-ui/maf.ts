import { type AgUiAdapter, agUi, stateIdentity } from './adapter'

/**
 * The adapter for Microsoft Agent Framework over AG-UI. In Python, `state` becomes `session.state`.
 * In .NET, `AddJwtBearer` builds `HttpContext.User` from the bearer token. Its Python server sends
 * a keep-alive comment every 15 seconds, and its .NET server sends none. So the gateway sends its
 * own comment after 20 seconds.
 */
export const maf: AgUiAdapter = {
  ...agUi,
  kind: 'maf',
  identity: stateIdentity,
  storesIdentity: false,
  heartbeatSeconds: 20,
}
