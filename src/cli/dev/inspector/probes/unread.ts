import type { LoadedRoute } from '../../../../config/loaded-route'

/**
 * How long to wait for an agent to fetch the gateway's keys. Some agents fetch the keys only after
 * their first answer.
 */
const PATIENCE_MS = 3_000

/**
 * Finds agents that probably ignore the signed assertion. They receive the caller's identity in no
 * other way, and no client has fetched the keys that verify the assertion.
 */
export class UnreadAssertions {
  readonly #asked = new Set<string>()
  #areKeysRead = false

  keysRead(): void {
    this.#areKeysRead = true
  }

  /**
   * Notes a request to a route.
   * @param tell is called `PATIENCE_MS` after the route's first request, if no client has fetched
   * the keys by then
   */
  note({ id, isPublic, identity, origin, assertion }: LoadedRoute, tell: (found: string) => void): void {
    const { headers, state, forwardedProps, langgraphAuthUser } = identity
    const isPlain = headers || state !== false || Object.keys(forwardedProps).length > 0 || langgraphAuthUser
    if (isPublic || isPlain || this.#areKeysRead || this.#asked.has(id)) return
    this.#asked.add(id)
    const timer = setTimeout(() => {
      if (this.#areKeysRead) return
      tell(`its agent at ${origin.host} received a request, but did not fetch the keys to verify who the caller is.
    The agent learns the caller only from the header x-sallyport-assertion: a JWT with audience
    "${assertion.audience}". Its keys are at /.well-known/jwks.json of the gateway. With "identity", the route
    can also send the identity in the body or in plain headers. If the agent needs no identity, ignore this.`)
    }, PATIENCE_MS)
    timer.unref()
  }
}
