import { challengesOf, resourceMetadataOf } from './authentication/kinds'
import type { Configuration } from './config/load'
import type { LoadedRoute } from './config/loaded-route'
import { type ChallengeContext, outside, problem } from './errors/problem'
import { Refusal } from './errors/refusal'
import { scopesOf } from './policy/scopes'

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const METADATA_SECONDS = 3_600

/**
 * Tells whether the clients of a route find out by themselves where to sign in, as MCP clients do.
 */
const isDiscovered = (route: LoadedRoute): boolean => route.adapter.kind === 'mcp' && !route.isPublic

/**
 * Returns the address of a route's metadata. RFC 9728 section 3.1 puts the part `/.well-known/…`
 * between the host and the route's path.
 */
const metadataUrl = (publicUrl: string, path: string): string => publicUrl + WELL_KNOWN + (path === '/' ? '' : path)

/**
 * Returns the contents of `WWW-Authenticate` in a 401 or 403 of a route. An MCP client reads from
 * this header where the route's metadata is and which scopes to ask for (MCP authorization,
 * "protected resource metadata discovery").
 */
export function challengeFor(route: LoadedRoute, publicUrl: string): ChallengeContext {
  const context = { realm: route.id, challenges: challengesOf(route.trust) }
  if (!isDiscovered(route)) return context
  return { ...context, resourceMetadata: metadataUrl(publicUrl, route.path), scopes: scopesOf(route.policies) }
}

/**
 * Returns the metadata of an MCP route (RFC 9728 section 2): the route's URL and the issuers whose
 * tokens the route accepts.
 * @param path of the request: the well-known path, then the path of the route
 */
export function resourceResponse({ publicUrl, routes }: Configuration, path: string, requestId: string): Response {
  const route = routes.get(path.slice(WELL_KNOWN.length) || '/')
  if (!route || !isDiscovered(route)) return problem(new Refusal('route-unknown'), requestId, outside)
  const scopes = scopesOf(route.policies)
  return Response.json(
    {
      resource: publicUrl + (route.path === '/' ? '' : route.path),
      resource_name: route.id,
      ...resourceMetadataOf(route.trust),
      ...(scopes.length > 0 && { scopes_supported: scopes }),
    },
    {
      headers: {
        'cache-control': `public, max-age=${METADATA_SECONDS}`,
        'access-control-allow-origin': '*',
        'x-content-type-options': 'nosniff',
      },
    },
  )
}
