import type { Adapter } from './adapter'
import { assertionOnly } from './identity'

/** Anything else: the methods and paths that the route lists. Its bodies are passed on unread, in both directions. */
export const http: Adapter = {
  kind: 'http',
  endpoints: [],
  identity: assertionOnly,
  heartbeatSeconds: 0,
  rewrite: (body) => body,
  threadOf: () => undefined,
}
