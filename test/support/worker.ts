/**
 * The Worker of the front-door tests: the gateway as src/index.ts makes it, with routes given as data and a clock that a test
 * can move. Everything else is the real thing.
 */
import { env } from 'cloudflare:workers'
import { livePorts } from '../../src/live-ports'
import { createWorker } from '../../src/worker'

let offset = 0

const routes = JSON.parse(String((env as unknown as Record<string, unknown>).TEST_ROUTES))
const app = createWorker(routes, { ...livePorts, now: () => Date.now() + offset })

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
