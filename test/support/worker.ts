/**
 * The Worker of the front-door tests: the gateway as src/index.ts makes it, with routes given as
 * data and a clock that a test can move. Timers follow that clock. Everything else is the real
 * thing.
 */
import { env } from 'cloudflare:workers'
import { createApp } from '../../src/app'
import { load } from '../../src/config/load'
import { livePorts } from '../../src/live-ports'
import type { Ports } from '../../src/ports'

const POLL_MS = 5

/** Milliseconds by which the gateway's clock is ahead of the real one. */
let offset = 0
/** The due time of the timer that fires now. A timer that is set meanwhile counts from there. */
let firing: number | undefined

const now = (): number => Date.now() + offset

/** Polls the clock, because work may only run in the context of the request that set the timer. */
const after: Ports['after'] = (milliseconds, work) => {
  const due = (firing ?? now()) + milliseconds
  const poll = setInterval(() => {
    if (now() < due) return
    clearInterval(poll)
    firing = due
    try {
      work()
    } finally {
      firing = undefined
    }
  }, POLL_MS)
  return () => clearInterval(poll)
}

const routes = JSON.parse(String((env as unknown as Record<string, unknown>).TEST_ROUTES))
/**
 * Where audit lines go: to a place that never answers, or to one that fails, in addition to the
 * console.
 */
const sinks: Readonly<Record<string, () => Promise<void>>> = {
  hangs: () => new Promise(() => undefined),
  fails: () => Promise.reject(new Error('no log')),
}
const sink = sinks[String((env as unknown as Record<string, unknown>).TEST_SINK)]
const emit: Ports['emit'] = (line) => {
  livePorts.emit(line)
  return sink?.()
}
const ports = { ...livePorts, now, after, emit }

/** How the object of revocations answers those who poll its list, and how often it was asked. */
let listMode = 'answers'
let listCalls = 0
const real = (env as unknown as Record<string, unknown>).REVOCATIONS as
  | { idFromName(name: string): unknown; get(id: unknown): { fetch: typeof fetch } }
  | undefined
const observed = real && {
  idFromName: (name: string) => real.idFromName(name),
  get: (id: unknown) => ({
    fetch: (input: Request | string, init?: RequestInit) => {
      const isPoll = String(typeof input === 'string' ? input : input.url).endsWith('/list')
      if (isPoll) listCalls++
      if (listMode === 'fails') return Promise.reject(Object.assign(new Error('overloaded'), { overloaded: true }))
      if (listMode === 'hangs') return new Promise<Response>(() => undefined)
      return real.get(id).fetch(input, init)
    },
  }),
}
const environment = { ...(env as unknown as Record<string, unknown>), ...(observed && { REVOCATIONS: observed }) }
const app = createApp(load(routes, environment, ports), ports)

export { RevocationList } from '../../src/limits/revocation-list'

export default {
  fetch(request, _bindings, context) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/__test/clock') {
      const moved = searchParams.get('by')
      offset = moved === null ? Number(searchParams.get('offset')) : offset + Number(moved)
      return new Response(null, { status: 204 })
    }
    if (pathname === '/__test/list') {
      listMode = searchParams.get('mode') ?? listMode
      return new Response(String(listCalls))
    }
    return app.fetch(request, context)
  },
} satisfies ExportedHandler
