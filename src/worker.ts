import { env } from 'cloudflare:workers'
import { createApp } from './app'
import { load } from './config/load'
import { livePorts } from './live-ports'

/**
 * Makes a Worker of routes: what it is bound to and its secrets come from the environment that the platform gives it.
 * @param routes as routes/index.ts lists them
 * @throws ConfigurationError where the configuration has faults; the Worker does not start then
 */
export function createWorker(routes: readonly unknown[], ports = livePorts) {
  return createApp(load(routes, env as unknown as Record<string, unknown>, ports), ports)
}
