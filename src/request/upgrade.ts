import type { Endpoint } from '../agents/endpoints'
import { Refusal } from '../errors/refusal'
import { refuseForeignOrigin } from './cors'
import type { WebOrigins } from './web-origins'

/**
 * Tells whether the request is a WebSocket handshake that may go on (RFC 6455 section 4). If it has
 * an `Origin` header, as from a browser, the header must name one of the route's web origins. CORS
 * does not cover WebSockets, so only this check stops pages of other sites.
 *
 * @param endpoint absent if the path exists, but not for this method
 * @param origins the web origins of pages that may open a WebSocket
 * @throws Refusal `upgrade-refused` (426) or `cors-origin-refused` (403)
 */
export function wantsWebSocket(headers: Headers, endpoint: Endpoint | undefined, origins: WebOrigins): boolean {
  const upgrade = headers.get('upgrade')
  if (upgrade === null) return false
  if (upgrade.toLowerCase() !== 'websocket' || !endpoint?.websocket) throw new Refusal('upgrade-refused')
  refuseForeignOrigin(headers, origins, 'websocket')
  return true
}

/**
 * Returns the headers that a WebSocket handshake with the agent needs in addition to the usual
 * ones. The runtime adds all other handshake headers.
 */
export function webSocketHeaders(headers: Headers): Record<string, string> {
  const protocol = headers.get('sec-websocket-protocol')
  return { upgrade: 'websocket', ...(protocol !== null && { 'sec-websocket-protocol': protocol }) }
}
