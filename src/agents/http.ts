import type { Adapter } from './adapter'
import { assertionOnly } from './identity'

/**
 * The adapter for any other agent. The route lists its methods and paths. Bodies pass unread in
 * both directions.
 */
export const http: Adapter = {
  kind: 'http',
  endpoints: [],
  identity: assertionOnly,
  heartbeatSeconds: 0,
  // Bodies pass unread, so the headers that describe a body must pass too. Headers about ranges
  // must pass in requests and in responses.
  requestHeaders: ['content-encoding', 'content-range', 'if-range', 'range'],
  responseHeaders: ['allow', 'content-range'],
  rewrite: (body) => body,
  threadOf: () => undefined,
}
