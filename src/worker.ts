import { env } from 'cloudflare:workers'
import { createApp } from './app'
import { load } from './config/load'
import { livePorts } from './live-ports'

/** The platform's object that keeps work running after the request has been answered. */
interface Background {
  waitUntil(work: Promise<unknown>): void
}

/** The handler that a Worker exports. */
export interface Gateway {
  readonly fetch: (request: Request, environment: unknown, context: Background) => Response | Promise<Response>
}

/**
 * Makes a Worker from routes. The Worker's bindings and secrets come from `env` of
 * `cloudflare:workers`.
 * @param routes as routes/index.ts lists them
 * @throws ConfigurationError if the configuration has faults; the Worker does not start then
 */
export function createWorker(routes: readonly unknown[]): Gateway {
  const app = createApp(load(routes, env as unknown as Record<string, unknown>, livePorts), livePorts)
  return { fetch: (request, _environment, context) => app.fetch(request, context as ExecutionContext) }
}

export { RevocationList } from './limits/revocation-list'
