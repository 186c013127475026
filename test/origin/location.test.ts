import { describe, expect, it } from 'vitest'
import { apiLocation, type Place, publicLocation } from '../../src/origin/location'

const place = (base: string, routePath = '/agents/a'): Place => ({
  origin: { host: new URL(base).origin, prefix: base.slice(new URL(base).origin.length), root: '/', fetch },
  requestUri: `${base.slice('https://agent.test'.length)}/threads/t1?x=1`,
  routePath,
})
const atRoot = place('https://agent.test')
const below = place('https://agent.test/base')
const alone = place('https://agent.test', '/')

const elsewhere = [
  'https://evil.test/',
  '//evil.test/x',
  '/\\evil.test/x',
  '\\\\evil.test/x',
  'http://agent.test:8080/x',
  'wss://agent.test/x',
  'https://agent.test:8443/x',
  'https://agent.test@evil.test/x',
  'https://agent.test.evil.test/x',
  'javascript:alert(1)',
  'data:text/html,x',
  'https://',
]

describe('addresses of redirects (invariant 5)', () => {
  it.each([
    ['/x', '/agents/a/x'],
    ['/x/y?z=1#f', '/agents/a/x/y?z=1#f'],
    ['t2', '/agents/a/threads/t2'],
    ['../x', '/agents/a/x'],
    ['../../../x', '/agents/a/x'],
    ['?y=2', '/agents/a/threads/t1?y=2'],
    ['', '/agents/a/threads/t1?x=1'],
    ['https://agent.test/x', '/agents/a/x'],
    ['https://user:secret@agent.test/x', '/agents/a/x'],
    ['HTTPS://AGENT.TEST/x', '/agents/a/x'],
    ['https:t2', '/agents/a/threads/t2'],
    ['/', '/agents/a/'],
    ['//agent.test//evil.test/x', '/agents/a//evil.test/x'],
    // An agent behind a proxy that ends TLS calls itself http.
    ['http://agent.test/x', '/agents/a/x'],
    // To where the request came from it would lead for ever.
    ['http://agent.test/threads/t1?x=1', undefined],
  ])('a redirect within the origin is mapped below the route, or dropped if it would loop: %s', (location, mapped) => {
    expect(publicLocation(location, atRoot)).toBe(mapped)
  })

  it.each([
    ['/base/x', '/agents/a/x'],
    ['/base', '/agents/a'],
    ['/x', undefined],
    ['/basement/x', undefined],
    ['/base/../x', undefined],
    ['../x', '/agents/a/x'],
    ['../../x', undefined],
  ])(
    'the gateway removes the origin’s path prefix from a Location, and drops a Location outside this prefix: %s',
    (location, mapped) => {
      expect(publicLocation(location, below)).toBe(mapped)
    },
  )

  it.each(elsewhere)('a redirect to an address outside of the origin is dropped: %s', (location) => {
    for (const each of [atRoot, below, alone]) expect(publicLocation(location, each)).toBeUndefined()
  })

  it.each([
    ['/x', '/x'],
    ['https://agent.test/x', '/x'],
    ['https://agent.test//evil.test/x', undefined],
    ['//agent.test//evil.test/x', undefined],
  ])('a redirect on a route with path / never becomes an address at another host: %s', (location, mapped) => {
    expect(publicLocation(location, alone)).toBe(mapped)
  })
})

describe('addresses that API clients read', () => {
  const run = '/threads/t1/runs/r1/stream'

  it.each([
    ['/agents/a', 'https://agent.test', run],
    ['/', 'https://agent.test', run],
    ['/agents/a', 'https://agent.test/base', run],
    ['/agents/a', 'https://agent.test/base', `/base${run}`],
    ['/agents/a', 'https://agent.test/base', `https://agent.test/base${run}`],
  ])(
    'an address for API clients is relative to the root of the API: route %s, origin %s, address %s',
    (routePath, base, location) => {
      expect(apiLocation(location, place(base, routePath))).toBe(run)
    },
  )

  it.each([...elsewhere, '//agent.test//evil.test/x'])(
    'an address for API clients is dropped if it is outside of the origin: %s',
    (location) => {
      for (const each of [atRoot, below, alone]) expect(apiLocation(location, each)).toBeUndefined()
    },
  )
})
