import type { Adapter } from './adapter'
import { assertionOnly } from './identity'

/**
 * Any other agent: the methods and paths that the route lists. Bodies pass unread in both
 * directions.
 */
export const http: Adapter = {
  kind: 'http',
  endpoints: [],
  identity: assertionOnly,
  heartbeatSeconds: 0,
  // Bodies pass unread, so the headers that describe them must pass too. For a range, those of the
  // request and of the reply must pass.
  requestHeaders: ['content-encoding', 'content-range', 'if-range', 'range'],
  responseHeaders: ['allow', 'content-range'],
  rewrite: (body) => body,
  threadOf: () => undefined,
}
