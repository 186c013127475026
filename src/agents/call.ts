import type { Json } from '../json'
import type { Endpoint } from './endpoints'

/** A request to a route, as an adapter receives it before it goes to the agent. */
export interface Call {
  readonly endpoint: Endpoint
  /** All operations that the request asks for by its path, its query or its body. */
  readonly operations: readonly string[]
  /** The values of the path's parameters, still percent-encoded. */
  readonly params: Readonly<Record<string, string>>
  /** The query string with its `?`, or an empty string. */
  readonly query: string
  readonly headers: Headers
  readonly body: Json | undefined
}
