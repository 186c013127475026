import type { LoadedRoute } from '../config/loaded-route'
import type { TestKeys } from './token'

/** A request that reached an agent, as the agent received it. */
export interface Received {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Headers
  readonly body: string
}

/** A function that answers requests in place of an agent. */
export type TestAgent = (request: Request) => Response | Promise<Response>

/**
 * Replaces the servers around a gateway in a test: identity providers, which publish test keys from
 * `keys`, and agents. Nothing reaches a network.
 *
 * @param agents replacements by the id of the route; any other agent answers 200 with an empty JSON
 * object
 */
export function outside(
  routes: readonly LoadedRoute[],
  agents: Readonly<Record<string, TestAgent>>,
  keys: TestKeys,
): { readonly received: Map<string, Received[]>; answer(request: Request): Promise<Response> } {
  const ids = routes.map(({ id }) => id)
  const stranger = Object.keys(agents).find((id) => !ids.includes(id))
  if (stranger !== undefined) throw new Error(`There is no route "${stranger}"; there is: ${ids.join(', ')}.`)
  const received = new Map<string, Received[]>(routes.map(({ id }) => [id, []]))
  const issuers = routes.flatMap(({ trust }) => trust.issuers)
  return {
    received,
    async answer(request) {
      const { url } = request
      for (const { issuer, jwksUri, algorithms } of issuers) {
        const base = issuer.replace(/\/$/, '')
        const keysAt = jwksUri ?? `${base}/.well-known/jwks.json`
        if (url === `${base}/.well-known/openid-configuration`) return Response.json({ issuer, jwks_uri: keysAt })
        if (url === keysAt) return Response.json(await keys.set(algorithms))
      }
      const route = routes.find(({ origin }) => url.startsWith(origin.host + origin.prefix))
      if (!route) return new Response(`No agent and no provider of this project is at ${url}.`, { status: 502 })
      const { pathname, search } = new URL(url)
      const body = await request.clone().text()
      received.get(route.id)?.push({ method: request.method, path: pathname + search, headers: request.headers, body })
      return agents[route.id]?.(request) ?? Response.json({})
    },
  }
}
