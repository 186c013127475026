import { type AgUiAdapter, agUi, stateIdentity } from './adapter'

/**
 * Microsoft Agent Framework over AG-UI. In Python `state` becomes `session.state`; in .NET
 * `AddJwtBearer` makes `HttpContext.User` of the bearer. Its Python server sends a keep-alive
 * comment every 15 seconds; the .NET one does not, so the gateway's comes a little later.
 */
export const maf: AgUiAdapter = {
  ...agUi,
  kind: 'maf',
  identity: stateIdentity,
  storesIdentity: false,
  heartbeatSeconds: 20,
}
