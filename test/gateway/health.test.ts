import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Route } from '../../src/config/define'
import { openHttp, routeOf } from '../support/fixtures'
import { type GatewayOptions, startGateway } from '../support/gateway'
import { openWorld, type World } from '../support/world'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world?.close())

/** Documents of a gateway that has exactly one route. */
async function documentsOf(route: (url: string) => Route, vars: GatewayOptions['vars'] = {}) {
  const gateway = await startGateway({ routes: [route(world.origin.url)], vars })
  try {
    const health = await gateway.fetch('/.sallyport/health')
    const live = await gateway.fetch('/.sallyport/health/live')
    const discovery = await gateway.fetch('/.well-known/openid-configuration')
    const keys = await gateway.fetch('/.well-known/jwks.json')
    return {
      health: { status: health.status, ...((await health.json()) as object) },
      told: gateway.unready(),
      live: live.status,
      cached: [discovery, keys].map(({ headers }) => headers.get('cache-control')),
    }
  } finally {
    await gateway.close()
  }
}

const keeping = (url: string) => routeOf({ kind: 'ag-ui', origin: { url } }, [world.issuer])
const shared = (url: string) => ({ ...keeping(url), threads: 'shared' as const })
const http = (url: string) => routeOf(openHttp(url), [world.issuer])
const unsigned = (url: string) => ({ ...http(url), identity: { assertion: 'off' as const } })
const withSecret = (url: string): Route => ({
  ...http(url),
  agent: { ...openHttp(url), credential: { header: 'x-agent-key', secret: 'AGENT_KEY' } } as Route['agent'],
})

const ready = { status: 200, ready: true, live: true }
/** Strangers are told no name of a route or a secret. */
const notReady = { status: 503, ready: false, live: true }

describe('the health of a gateway with one route', () => {
  it.each([
    ['needs a thread secret where the route keeps threads apart', keeping, 'THREAD_SECRET', 'THREAD_SECRET is not set'],
    ['needs signing keys where the route signs', shared, 'SIGNING_KEYS', 'SIGNING_KEYS is not set'],
    ['needs the secret that the route names', withSecret, 'AGENT_KEY', 'AGENT_KEY is not set'],
  ])(
    'the health endpoint answers 503 without a needed variable and 200 with this variable: the gateway %s',
    async (_what, route, name, reason) => {
      const id = route('').id
      const without = await documentsOf(route, { [name]: undefined })
      expect([without.health, without.live]).toEqual([notReady, 200])
      expect(without.told).toEqual([{ event: 'not-ready', reason, routes: [id], remedy: expect.any(String) }])
      const withAll = await documentsOf(route, name === 'AGENT_KEY' ? { AGENT_KEY: 's3cret' } : {})
      expect([withAll.health, withAll.live, withAll.told]).toEqual([ready, 200, []])
    },
  )

  it.each([
    ['no thread secret where its threads are shared', shared, 'THREAD_SECRET'],
    ['no thread secret where it has no threads', http, 'THREAD_SECRET'],
    ['no signing keys where it signs nothing', unsigned, 'SIGNING_KEYS'],
  ])('the health endpoint answers 200, because the route needs %s', async (_what, route, name) => {
    expect((await documentsOf(route, { [name]: undefined })).health).toEqual(ready)
  })
})

it('discovery and the key set are cacheable only if the gateway has signing keys', async () => {
  expect((await documentsOf(http)).cached).toEqual(['public, max-age=3600', 'public, max-age=600'])
  expect((await documentsOf(http, { SIGNING_KEYS: undefined })).cached).toEqual(['no-store', 'no-store'])
})
