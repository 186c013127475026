import { PatternRouter } from 'hono/router/pattern-router'
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

/** Answers a request for one of the gateway's own documents. @param path of the request's URL */
type Answer = (path: string) => Response | Promise<Response>

/**
 * Makes the request handler of the Worker. It answers requests for the gateway's own public
 * documents, and passes every other request to the gateway.
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

  const documents = new PatternRouter<Answer>()
  const answers: Readonly<Record<string, Answer>> = {
    '/.well-known/jwks.json': async () => keySetResponse(await signingKeys()),
    '/.well-known/openid-configuration': async () => discoveryResponse(config.publicUrl, await signingKeys()),
    '/.well-known/oauth-protected-resource/*': (path) => resourceResponse(config, path, ports.randomId()),
    '/.sallyport/health': async () => healthResponse(unreadyParts(config, await signingKeys()), config),
    '/.sallyport/health/live': () => livenessResponse(),
  }
  for (const [path, answer] of Object.entries(answers)) documents.add('GET', path, answer)

  async function ownResponse(request: Request, context: ExecutionContext): Promise<Response> {
    const { pathname } = new URL(request.url)
    const isHead = request.method === 'HEAD'
    const [[found]] = documents.match(isHead ? 'GET' : request.method, pathname)
    if (!found) return handle(request, context)
    try {
      const reply = await found[0](pathname)
      return isHead ? new Response(null, reply) : reply
    } catch (thrown) {
      return problem(asRefusal(thrown), ports.randomId(), outside)
    }
  }

  return {
    fetch: (request: Request, context: ExecutionContext): Response | Promise<Response> => {
      if (!isTold) context.waitUntil(tell())
      isTold = true
      return OWN.test(request.url) ? ownResponse(request, context) : handle(request, context)
    },
  }
}
