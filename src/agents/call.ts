import type { Json } from '../json'
import type { Endpoint } from './endpoints'

/** A request below a route, as an adapter sees it on its way to the agent. */
export interface Call {
  readonly endpoint: Endpoint
  /**
   * Everything that the request asks for: the endpoint's operation, or what its query and body
   * name.
   */
  readonly operations: readonly string[]
  /** Of the endpoint's path, still percent-encoded. */
  readonly params: Readonly<Record<string, string>>
  /** With its `?`, or empty. */
  readonly query: string
  readonly headers: Headers
  readonly body: Json | undefined
}
