import { Hono } from 'hono/tiny'
import { readSigningKeys, type SigningKeys } from './assertion/keys'
import { discoveryResponse, keySetResponse } from './assertion/well-known'
import { variable } from './config/env'
import type { Configuration } from './config/load'
import { outside, problem } from './errors/problem'
import { asRefusal } from './errors/refusal'
import { createGateway } from './gateway'
import { healthResponse, livenessResponse, unreadyLines, unreadyParts } from './health'
import type { Ports } from './ports'
import { resourceResponse } from './protected-resource'

/** Matches the URLs that the gateway answers itself. No route may have such a path. */
const OWN = /^https?:\/\/[^/]*\/\.(?:well-known|sallyport)\//

/**
 * Makes the request handler of the Worker. It answers requests for the gateway's own public
 * documents, and passes every other request to the gateway. Hono decodes a path before it compares
 * the path, so Hono is used for these documents only.
 */
export function createApp(config: Configuration, ports: Ports) {
  let read: Promise<SigningKeys> | undefined
  const signingKeys = () => {
    read ??= readSigningKeys(variable(config.environment, 'SIGNING_KEYS'))
    return read
  }
  const handle = createGateway(config, signingKeys, ports)
  let isTold = false
  /**
   * Logs the parts of the gateway that cannot serve yet, once per running copy (isolate). The first
   * request triggers this log, because a Worker may do nothing slow while it starts.
   */
  const tell = async () => {
    for (const line of unreadyLines(unreadyParts(config, await signingKeys()))) ports.log(line)
  }

  const shell = new Hono()
    .get('/.well-known/jwks.json', async () => keySetResponse(await signingKeys()))
    .get('/.well-known/openid-configuration', async () => discoveryResponse(config.publicUrl, await signingKeys()))
    .get('/.well-known/oauth-protected-resource/*', (c) =>
      resourceResponse(config, new URL(c.req.url).pathname, ports.randomId()),
    )
    .get('/.sallyport/health', async () => healthResponse(unreadyParts(config, await signingKeys()), config))
    .get('/.sallyport/health/live', () => livenessResponse())
    .all('*', (c) => handle(c.req.raw, c.executionCtx))
    .onError((thrown) => problem(asRefusal(thrown), ports.randomId(), outside))

  return {
    fetch: (request: Request, environment: unknown, context: ExecutionContext): Response | Promise<Response> => {
      if (!isTold) context.waitUntil(tell())
      isTold = true
      return OWN.test(request.url) ? shell.fetch(request, environment as object, context) : handle(request, context)
    },
  }
}
