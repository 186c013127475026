import type { LoadedRoute } from '../../../../config/compile-route'

/** An agent may fetch keys when the first request comes, and its answer may be faster. */
const PATIENCE = 3

/**
 * Counts requests to agents that learn who is asking only by the signed assertion, while nobody has
 * fetched the keys to verify it.
 */
export class UnreadAssertions {
  readonly #counts = new Map<string, number>()
  #areKeysRead = false

  keysRead(): void {
    this.#areKeysRead = true
  }

  /** @returns a sentence, once a route has had several requests that no agent can have verified */
  count({ id, isPublic, identity, origin, assertion }: LoadedRoute): string | undefined {
    const { headers, state, forwardedProps, langgraphAuthUser } = identity
    const isPlain = headers || state !== false || Object.keys(forwardedProps).length > 0 || langgraphAuthUser
    if (isPublic || isPlain || this.#areKeysRead) return undefined
    const count = (this.#counts.get(id) ?? 0) + 1
    this.#counts.set(id, count)
    if (count < PATIENCE) return undefined
    return `its agent at ${origin.host} has had ${count} requests, and nobody has fetched the keys to verify them.
    It learns who is asking from the header x-sallyport-assertion alone: a JWT with audience "${assertion.audience}", whose keys
    are at /.well-known/jwks.json of the gateway. If it does not need to know, all is well.`
  }
}
