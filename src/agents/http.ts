import type { Adapter } from './adapter'
import { withoutNames } from './adapter'

/** Anything else: the methods and paths that the route lists. Its bodies are passed on unread, in both directions. */
export const http: Adapter = {
  kind: 'http',
  endpoints: [],
  identity: { assertion: 'header', headers: false, state: false, forwardedProps: {}, langgraphAuthUser: false },
  heartbeatSeconds: 0,
  rewrite: (body) => body,
  threadOf: () => undefined,
  injectedNames: () => [],
  scrub: withoutNames,
}
