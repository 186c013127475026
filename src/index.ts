import { env } from 'cloudflare:workers'
import routes from '../routes'
import { createApp } from './app'
import { load } from './config/load'
import type { Ports } from './ports'

const ports: Ports = {
  fetch: (request, init) => fetch(request, init),
  now: () => Date.now(),
  randomId: () => crypto.randomUUID(),
  emit: (line) => console.log(line),
  sharedCache: caches.default,
}

// A fault in the configuration throws here, and the Worker does not start.
const config = load(routes, env as unknown as Record<string, unknown>, ports)

export default createApp(config, ports)
