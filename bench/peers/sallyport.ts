/** The gateway as src/index.ts makes it, with the routes of a measurement. */
import { env } from 'cloudflare:workers'
import { createApp } from '../../src/app'
import { load } from '../../src/config/load'
import type { Ports } from '../../src/ports'

const ports: Ports = {
  fetch: (request, init) => fetch(request, init),
  now: () => Date.now(),
  randomId: () => crypto.randomUUID(),
  emit: (line) => console.log(line),
  sharedCache: caches.default,
}
const bound = env as unknown as Record<string, unknown>

export default createApp(load(JSON.parse(String(bound.BENCH_ROUTES)), bound, ports), ports)
