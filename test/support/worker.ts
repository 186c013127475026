/**
 * The Worker of the front-door tests: the gateway as src/index.ts makes it, with routes given as data and a clock that a test
 * can move. Everything else is the real thing.
 */
import { env } from 'cloudflare:workers'
import { createApp } from '../../src/app'
import { load } from '../../src/config/load'
import type { Ports } from '../../src/ports'

let offset = 0

const ports: Ports = {
  fetch: (request, init) => fetch(request, init),
  now: () => Date.now() + offset,
  randomId: () => crypto.randomUUID(),
  emit: (line) => console.log(line),
  sharedCache: caches.default,
}
const bound = env as unknown as Record<string, unknown>
const app = createApp(load(JSON.parse(String(bound.TEST_ROUTES)), bound, ports), ports)

export default {
  fetch(request, bindings, context) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/__test/clock') {
      offset = Number(searchParams.get('offset'))
      return new Response(null, { status: 204 })
    }
    return app.fetch(request, bindings, context)
  },
} satisfies ExportedHandler
