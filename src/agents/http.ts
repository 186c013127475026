import type { Adapter } from './adapter'
import { assertionOnly } from './identity'

/**
 * Anything else: the methods and paths that the route lists. Its bodies are passed on unread, in
 * both directions.
 */
export const http: Adapter = {
  kind: 'http',
  endpoints: [],
  identity: assertionOnly,
  heartbeatSeconds: 0,
  // Bodies pass unread, so what says how to read them has to pass as well, and with a range both
  // ends of it.
  requestHeaders: ['content-encoding', 'content-range', 'if-range', 'range'],
  responseHeaders: ['allow', 'content-range'],
  rewrite: (body) => body,
  threadOf: () => undefined,
}
