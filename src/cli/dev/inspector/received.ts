/** A request to an agent, exactly as the gateway sent it. */
export interface Received {
  /** The `jti` of the assertion in the request, which is the gateway's request id. */
  readonly id: string | undefined
  /** The id of the route, from the assertion. */
  readonly route: string | undefined
  readonly at: Date
  /** The scheme and host of the agent. */
  readonly target: string
  readonly method: string
  readonly path: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  body: string
  /** Whether the agent accepted the connection. */
  hasArrived: boolean
  readonly assertion: { readonly token: string; readonly header: string } | undefined
}

/**
 * An agent's answer while it is forwarded. It is reported at its beginning, and again for each JSON
 * value in it.
 */
export interface Observed {
  readonly request: Received
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  /**
   * The parsed data of an event, or the parsed body, if it is JSON and not too long. Undefined at
   * the beginning of the answer.
   */
  readonly json?: unknown
}
