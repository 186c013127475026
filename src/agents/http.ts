import type { Adapter } from './adapter'
import { assertionOnly } from './identity'

/**
 * The adapter for agents that no other adapter supports. The route lists the agent's methods and
 * paths. Request and response bodies pass unread.
 */
export const http: Adapter = {
  kind: 'http',
  endpoints: [],
  identity: assertionOnly,
  heartbeatSeconds: 0,
  // Bodies pass unread, so the gateway also passes on the headers that describe a body. It passes
  // on headers about byte ranges in requests and in responses.
  requestHeaders: ['content-encoding', 'content-range', 'if-range', 'range'],
  responseHeaders: ['allow', 'content-range'],
  rewrite: (body) => body,
  threadOf: () => undefined,
}
