import type { Endpoint } from '../agents/endpoints'
import { Refusal } from '../errors/refusal'
import { refuseForeignOrigin } from './cors'
import type { WebOrigins } from './web-origins'

/**
 * Tells whether the request is a WebSocket handshake that may go on (RFC 6455 section 4). If it
 * names an origin, as a browser does, this must be one of the route's. CORS does not cover
 * WebSockets, so nothing else would stop another site's page.
 *
 * @param endpoint absent if the address exists, but not for this method
 * @param origins those of pages that may open one
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
 * Returns the headers that a handshake needs beside the usual ones. The runtime makes all others.
 */
export function webSocketHeaders(headers: Headers): Record<string, string> {
  const protocol = headers.get('sec-websocket-protocol')
  return { upgrade: 'websocket', ...(protocol !== null && { 'sec-websocket-protocol': protocol }) }
}
