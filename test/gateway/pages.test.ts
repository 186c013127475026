import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHttp, routeOf } from '../support/fixtures'
import { openWorld, type World } from '../support/world'

let world: World

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => [
    routeOf(openHttp(url), [issuer]),
    { id: 'open', path: '/open', agent: openHttp(url), public: true },
    { id: 'pages', path: '/pages', agent: openHttp(url), public: true, servesPages: true },
  ])
  world.origin.handle((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.setHeader('content-security-policy', "default-src 'self'")
    response.end('<script>alert(document.domain)</script>')
  })
})
afterAll(() => world?.close())

describe('HTML pages in answers of agents', () => {
  it('an HTML page of an agent runs no script on a public route, and other sites cannot embed it', async () => {
    const { headers } = await world.gateway.fetch('/open/x.html')
    expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'; frame-ancestors 'none'")
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
  })

  it('an HTML page of an agent runs no script on a route that needs a token in a header', async () => {
    const { headers } = await world.as('alice', '/agents/http/x.html')
    expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'; frame-ancestors 'none'")
    expect(headers.has('cross-origin-resource-policy')).toBe(false)
  })

  it('an HTML page of an agent keeps its Content-Security-Policy if the route sets servesPages', async () => {
    const { headers } = await world.gateway.fetch('/pages/x.html')
    expect(headers.get('content-security-policy')).toBe("default-src 'self'")
    expect(headers.has('cross-origin-resource-policy')).toBe(false)
  })
})
