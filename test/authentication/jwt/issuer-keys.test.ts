import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createKeyStore } from '../../../src/authentication/jwt/issuer-keys'
import type { Refusal } from '../../../src/errors/refusal'
import type { Ports } from '../../../src/ports'
import { textReply } from '../../support/byte-stream'
import { trustedIssuer } from '../../support/issuers'
import { privateKey, publicJwk } from '../../support/keys'

/*
 * Key stores without a Worker around them: one per isolate, a cache port that several share, and a
 * clock of our own. The other files have the tests that need workerd.
 */

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const [key, next] = await Promise.all([privateKey('ES256'), privateKey('ES256')])
const issuer = (id = 'login') =>
  trustedIssuer({ id, issuer: `https://${id}.example.com`, jwksUri: `https://${id}.example.com/jwks` })

type Provider = (url: string, signal: AbortSignal) => Promise<Response>
const publishes =
  (...keys: object[]): Provider =>
  async () =>
    textReply(JSON.stringify({ keys }))
const good = publishes(publicJwk(key))
const down: Provider = async () => {
  throw new TypeError('connection refused')
}
/** Never answers, but lets itself be cut off. */
const hangs: Provider = (_url, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
/** Never answers, whatever happens: a fetch whose request was torn down. */
const lost: Provider = () => new Promise(() => undefined)

type SharedCache = NonNullable<Ports['sharedCache']>
function memoryCache(): SharedCache & { entries: Map<string, string> } {
  const entries = new Map<string, string>()
  return {
    entries,
    async match(name) {
      const found = entries.get(String(name))
      return found === undefined ? undefined : textReply(found)
    },
    async put(name, response) {
      entries.set(String(name), await response.text())
    },
  }
}

function isolate(provider: Provider, sharedCache?: SharedCache) {
  const world = {
    provider,
    fetches: [] as string[],
    emitted: [] as string[],
    background: [] as Promise<unknown>[],
  }
  const store = createKeyStore({
    fetch: (request, init) => {
      world.fetches.push(String(request))
      return world.provider(String(request), init?.signal as AbortSignal)
    },
    now: () => Date.now(),
    after(milliseconds, work) {
      const timer = setTimeout(work, milliseconds)
      return () => clearTimeout(timer)
    },
    randomId: () => crypto.randomUUID(),
    emit: () => undefined,
    log: (line) => void world.emitted.push(line),
    ...(sharedCache && { sharedCache }),
  })
  const background = { waitUntil: (work: Promise<unknown>) => void world.background.push(work) }
  return {
    ...world,
    world,
    /** `key`, or the code and reason of the refusal. */
    ask: (kid: string | undefined = key.kid, of = issuer()) =>
      store.keysFor(of, 'ES256', kid, background).then(
        () => 'key',
        (refusal: Refusal) => [refusal.code, refusal.reason].join(' '),
      ),
    /** The seconds of `Retry-After`; none where there is a key or the token is refused. */
    waitFor: (kid: string | undefined = key.kid) =>
      store.keysFor(issuer(), 'ES256', kid, background).then(
        () => undefined,
        (refusal: Refusal) => refusal.extras.retryAfter,
      ),
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.UTC(2026, 10, 23) })
})
afterEach(() => {
  vi.useRealTimers()
})
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)
const UNAVAILABLE = 'keys-unavailable login'
const NO_KEY = 'token-invalid key'

it('the key store returns the key of an issuer that answers, and refuses an unknown kid', async () => {
  const { ask, fetches } = isolate(good)
  expect(await ask()).toBe('key')
  expect(await ask(undefined)).toBe('key')
  expect(await ask('nobody')).toBe(NO_KEY)
  expect(fetches).toEqual(['https://login.example.com/jwks'])
})

describe('ten thousand unknown kids in thirty seconds (T23)', () => {
  /** Asks for a new kid each time, spread evenly. */
  async function shower(ask: (kid: string) => Promise<string>, milliseconds = 30 * SECOND - 1) {
    const answers = new Set<string>()
    const began = Date.now()
    for (let index = 0; index < 10_000; index++) {
      vi.setSystemTime(began + Math.floor((index / 10_000) * milliseconds))
      answers.add(await ask(`kid-${index}`))
    }
    return [...answers]
  }

  it('10,000 unknown kids cause three fetches of keys at once, and then one fetch in ten seconds', async () => {
    const { ask, fetches } = isolate(good)
    await ask()
    await pass(40 * SECOND)
    expect((await shower(ask)).sort()).toEqual([UNAVAILABLE, NO_KEY].sort())
    expect(fetches).toHaveLength(1 + 3 + 2)
    expect(await ask()).toBe('key')
  })

  it('repeated lookups of the kid of a withdrawn key are always refused as unknown, never as unavailable', async () => {
    const { ask, fetches } = isolate(good)
    await ask()
    await pass(40 * SECOND)
    for (let second = 0; second < 30; second++) {
      expect(await ask('withdrawn')).toBe(NO_KEY)
      await pass(SECOND)
    }
    expect(fetches).toHaveLength(1 + 3 + 2)
  })

  it('an unknown kid is looked up again, because its key may have been published meanwhile (F4)', async () => {
    const { ask, world } = isolate(good)
    await ask()
    await pass(40 * SECOND)
    expect(await ask(next.kid)).toBe(NO_KEY)
    world.provider = publishes(publicJwk(key), publicJwk(next))
    await pass(10)
    expect(await ask(next.kid)).toBe('key')
  })

  it('a key set that was requested before the lookup of a kid cannot prove that the kid is unknown (F4)', async () => {
    const { ask, world } = isolate(good)
    await ask()
    await pass(40 * SECOND)
    let answer: (response: Response) => void = () => undefined
    world.provider = () => new Promise((resolve) => (answer = resolve))
    const other = ask('other')
    await pass(100)
    const rotated = ask(next.kid)
    await pass(100)
    answer(textReply(JSON.stringify({ keys: [publicJwk(key)] })))
    expect(await other).toBe(NO_KEY)
    expect(await rotated).toBe(UNAVAILABLE)
  })

  it('after many unknown kids, a token with a new key gets 503, and is accepted after the time in Retry-After (F4)', async () => {
    const { ask, waitFor, world } = isolate(good)
    await ask()
    await pass(40 * SECOND)
    await shower(ask, 4.5 * SECOND)
    world.provider = publishes(publicJwk(key), publicJwk(next))
    const wait = await waitFor(next.kid)
    expect(wait).toBe(6)
    await pass((wait ?? 0) * SECOND)
    expect(await ask(next.kid)).toBe('key')
  })

  it.each<[string, Provider]>([
    ['is now empty', publishes()],
    ['is answered with 500', async () => new Response('', { status: 500 })],
    ['cannot be reached', down],
  ])(
    'unknown kids cause at most three fetches of keys in 30 seconds if the key set of the issuer %s',
    async (_what, provider) => {
      const { ask, fetches, world } = isolate(good)
      await ask()
      world.provider = provider
      await pass(40 * SECOND)
      expect(await shower(ask)).toEqual([UNAVAILABLE])
      expect(fetches.length).toBeGreaterThanOrEqual(1 + 2)
      expect(fetches.length).toBeLessThanOrEqual(1 + 3)
      expect(await ask()).toBe('key')
    },
  )

  it('unknown kids cause no further fetch of keys for nine seconds if the provider never answers', async () => {
    const { ask, fetches, world } = isolate(good)
    await ask()
    world.provider = hangs
    await pass(40 * SECOND)
    const first = ask('kid')
    await pass(3 * SECOND)
    expect(await first).toBe(UNAVAILABLE)
    expect(await shower(ask, 9 * SECOND)).toEqual([UNAVAILABLE])
    expect(fetches).toHaveLength(2)
    expect(await ask()).toBe('key')
  })

  it.each<[string, Provider]>([
    ['empty', publishes()],
    ['unreachable', down],
  ])('unknown kids cause at most three fetches if the key set of the issuer was always %s', async (_what, provider) => {
    const { ask, fetches } = isolate(provider)
    expect(await shower(ask)).toEqual([UNAVAILABLE])
    expect(fetches.length).toBeGreaterThanOrEqual(2)
    expect(fetches.length).toBeLessThanOrEqual(3)
  })
})

describe('fetches of keys', () => {
  it('keys are fetched once for each issuer, however many requests wait for them (F15)', async () => {
    const { ask, fetches } = isolate(good)
    const asked = ['a', 'b'].flatMap((id) => Array.from({ length: 25 }, () => ask(key.kid, issuer(id))))
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['key']))
    expect(fetches).toEqual(['https://a.example.com/jwks', 'https://b.example.com/jwks'])
  })

  it('a fetch of keys is given to waitUntil, so that it survives the request that began it (F15)', async () => {
    const { ask, background } = isolate(good)
    await ask()
    expect(background).toHaveLength(1)
    await expect(background[0]).resolves.toBeUndefined()
  })

  it('a request waits at most seven seconds for keys, enough to fetch a discovery document and a key set (F3)', async () => {
    const { ask } = isolate(lost)
    const answer = ask()
    const settled = vi.fn()
    answer.then(settled)
    await pass(6_900)
    expect(settled).not.toHaveBeenCalled()
    await pass(200)
    expect(await answer).toBe(UNAVAILABLE)
  })

  it('if a request is cancelled with its fetch of keys, this is logged, and retried after ten seconds (F3)', async () => {
    const { ask, emitted, fetches, world } = isolate(lost)
    const answer = ask()
    await pass(10 * SECOND)
    expect(await answer).toBe(UNAVAILABLE)
    expect(fetches).toHaveLength(1)
    world.provider = good
    await pass(SECOND)
    expect(await ask()).toBe('key')
    expect(fetches).toHaveLength(2)
    expect(emitted.map((line) => JSON.parse(line))).toEqual([
      { event: 'keys-unreachable', issuer: 'login', reason: 'given up with its request' },
    ])
  })

  it('the late failure of a first fetch of keys does not cause a third fetch beside the second (F15)', async () => {
    let answerFirst: (response: Response) => void = () => undefined
    let answerSecond: (response: Response) => void = () => undefined
    const { ask, fetches, world } = isolate(() => new Promise((resolve) => (answerFirst = resolve)))
    void ask()
    await pass(11 * SECOND)
    world.provider = () => new Promise((resolve) => (answerSecond = resolve))
    const second = ask()
    await pass(100)
    answerFirst(new Response('', { status: 500 }))
    await pass(100)
    const third = ask()
    await pass(100)
    expect(fetches).toHaveLength(2)
    answerSecond(textReply(JSON.stringify({ keys: [publicJwk(key)] })))
    await pass(100)
    expect(await Promise.all([second, third])).toEqual(['key', 'key'])
  })
})

describe('failed fetches of keys', () => {
  it('keys are fetched again ten to fifteen seconds after a failed fetch (F1)', async () => {
    for (const [random, least] of [
      [0, 10],
      [0.999, 14.9],
    ] as const) {
      vi.spyOn(Math, 'random').mockReturnValue(random)
      const { ask, fetches } = isolate(down)
      await ask()
      await pass(least * SECOND - 100)
      await ask()
      expect(fetches).toHaveLength(1)
      await pass(200)
      await ask()
      expect(fetches).toHaveLength(2)
      vi.restoreAllMocks()
    }
  })

  it('Retry-After tells a caller the time until the next fetch of keys', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    const { waitFor } = isolate(down)
    expect(await waitFor()).toBe(13)
    await pass(5 * SECOND)
    expect(await waitFor()).toBe(8)
    await pass(7.4 * SECOND)
    expect(await waitFor()).toBe(1)
    vi.restoreAllMocks()
  })

  it('a request is accepted if the discovery document and the key set take 2.5 seconds each (F2)', async () => {
    const { jwksUri: _, ...discovered } = issuer()
    const slow: Provider = (url) =>
      new Promise((resolve) => {
        const document = url.includes('/.well-known/')
          ? { issuer: discovered.issuer, jwks_uri: `${discovered.issuer}/jwks` }
          : { keys: [publicJwk(key)] }
        setTimeout(() => resolve(textReply(JSON.stringify(document))), 2.5 * SECOND)
      })
    const { ask } = isolate(slow)
    const answer = ask(key.kid, discovered)
    await pass(5 * SECOND)
    expect(await answer).toBe('key')
  })

  it('each failed fetch of keys is logged once, with the reason and without the content (F2)', async () => {
    const { ask, emitted, world } = isolate(async () => textReply('<html>secret</html>'))
    await ask()
    await ask()
    world.provider = hangs
    await pass(16 * SECOND)
    const waiting = ask()
    await pass(3 * SECOND)
    await waiting
    world.provider = async () => {
      throw new Error('x'.repeat(1000))
    }
    await pass(16 * SECOND)
    await ask()
    world.provider = () => Promise.reject('a text')
    await pass(16 * SECOND)
    await ask()
    expect(emitted.map((line) => JSON.parse(line))).toEqual(
      ['not JSON', 'timed out', 'x'.repeat(200), 'unknown'].map((reason) => ({
        event: 'keys-unreachable',
        issuer: 'login',
        reason,
      })),
    )
  })

  it('the last fetched keys are used for exactly one day while the issuer is down (F2)', async () => {
    const { ask, world } = isolate(good)
    await ask()
    world.provider = down
    await pass(24 * HOUR - 1)
    expect(await ask()).toBe('key')
    await pass(1)
    expect(await ask()).toBe(UNAVAILABLE)
    world.provider = good
    await pass(16 * SECOND)
    expect(await ask()).toBe('key')
  })

  it('a request waits for fresh keys if an issuer was down for hours, so that withdrawn keys are refused (F4)', async () => {
    const { ask, world } = isolate(good)
    await ask()
    world.provider = down
    await pass(11 * MINUTE)
    expect(await ask()).toBe('key')
    world.provider = publishes(publicJwk(next))
    await pass(5 * HOUR)
    expect(await ask()).toBe(NO_KEY)
    expect(await ask(next.kid)).toBe('key')
  })
})

describe('the copy of keys that isolates share', () => {
  it('the shared copy of keys serves a new isolate without a request to the provider (F15)', async () => {
    const cache = memoryCache()
    await isolate(good, cache).ask()
    await pass(5 * MINUTE)
    const cold = isolate(down, cache)
    expect(await cold.ask()).toBe('key')
    expect(cold.fetches).toEqual([])
  })

  it('the shared copy of keys keeps its age in a new isolate (F4)', async () => {
    const cache = memoryCache()
    await isolate(good, cache).ask()
    await pass(9 * MINUTE)
    const cold = isolate(publishes(publicJwk(next)), cache)
    expect(await cold.ask()).toBe('key')
    await pass(2 * MINUTE)
    expect(await cold.ask()).toBe(NO_KEY)
    expect(cold.fetches).toHaveLength(1)
  })

  it('the shared copy of keys serves a new isolate for at most a day while the provider is down (F2)', async () => {
    const cache = memoryCache()
    await isolate(good, cache).ask()
    await pass(23 * HOUR)
    const cold = isolate(down, cache)
    expect(await cold.ask()).toBe('key')
    expect(cold.fetches).toHaveLength(1)
    await pass(61 * MINUTE)
    expect(await cold.ask()).toBe(UNAVAILABLE)
    expect(await isolate(down, cache).ask()).toBe(UNAVAILABLE)
  })

  it('a new key that an isolate fetched reaches a second isolate through the shared copy of keys (F4)', async () => {
    const cache = memoryCache()
    const [one, two] = [isolate(good, cache), isolate(good, cache)]
    await Promise.all([one.ask(), two.ask()])
    one.world.provider = publishes(publicJwk(key), publicJwk(next))
    two.world.provider = down
    await pass(31 * SECOND)
    expect(await one.ask(next.kid)).toBe('key')
    await pass(SECOND)
    expect(await two.ask(next.kid)).toBe('key')
  })

  it('the shared copy of keys is separate for each issuer and each jwksUri (X18)', async () => {
    const cache = memoryCache()
    const { ask } = isolate(good, cache)
    const { jwksUri: _, ...discovered } = issuer()
    await ask(key.kid, issuer('a'))
    await ask(key.kid, { ...issuer('b'), issuer: issuer('a').issuer })
    await ask(key.kid, { ...issuer('c'), jwksUri: `${issuer('a').jwksUri}/` })
    expect(cache.entries.size).toBe(3)
    const cold = isolate(down, cache)
    expect(await cold.ask(key.kid, issuer('a'))).toBe('key')
    expect(await cold.ask(key.kid, { ...discovered, id: 'd', issuer: issuer('a').issuer })).toBe('keys-unavailable d')
  })

  it.each<[string, string]>([
    ['no JSON', '<html>'],
    ['null', 'null'],
    ['no keys', JSON.stringify({ keys: 'x', fetchedAt: 1 })],
    ['dated in the future', JSON.stringify({ keys: [publicJwk(next)], fetchedAt: Date.UTC(2099, 0) })],
    ['without a date', JSON.stringify({ keys: [publicJwk(next)] })],
    ['dated with a text', JSON.stringify({ keys: [publicJwk(next)], fetchedAt: '2026-11-23' })],
    ['dated long ago', JSON.stringify({ keys: [publicJwk(next)], fetchedAt: 0 })],
    ['private', JSON.stringify({ keys: [next], fetchedAt: Date.UTC(2026, 10, 22, 23, 59) })],
  ])('the shared copy of keys is ignored if it is %s (X3)', async (_what, entry) => {
    const cache = memoryCache()
    await isolate(good, cache).ask()
    for (const name of cache.entries.keys()) cache.entries.set(name, entry)
    const { ask } = isolate(good, cache)
    expect(await ask(next.kid)).toBe(NO_KEY)
    await pass(31 * SECOND)
    expect(await ask()).toBe('key')
    const offline = isolate(down, cache)
    for (const name of cache.entries.keys()) cache.entries.set(name, entry)
    expect(await offline.ask(next.kid)).toBe(UNAVAILABLE)
  })

  it.each<[string, SharedCache]>([
    ['throws', { match: () => Promise.reject(new Error('x')), put: () => Promise.reject(new Error('x')) }],
    ['hangs', { match: () => new Promise(() => undefined), put: () => new Promise(() => undefined) }],
    ['is empty', { match: async () => undefined, put: async () => undefined }],
  ])('keys are fetched from the provider if the shared cache %s', async (_what, cache) => {
    const { ask, fetches } = isolate(good, cache)
    const answer = ask()
    await pass(3 * SECOND)
    expect(await answer).toBe('key')
    expect(fetches).toHaveLength(1)
  })

  it('the shared copy of keys is stored with max-age=86400, which is a day', async () => {
    const put = vi.fn<SharedCache['put']>(async () => undefined)
    await isolate(good, { match: async () => undefined, put }).ask()
    const [, response] = put.mock.calls[0] ?? []
    expect(response?.headers.get('cache-control')).toBe('max-age=86400')
    expect(await response?.json()).toMatchObject({ keys: [publicJwk(key)], fetchedAt: Date.now() })
  })
})

describe('clocks that were an hour ahead', () => {
  const ahead = (by: number) => vi.setSystemTime(Date.now() + by)

  it('if the clock is set back after a failed fetch of keys, the keys can still be fetched', async () => {
    const { ask, world } = isolate(down)
    ahead(HOUR)
    expect(await ask()).toBe(UNAVAILABLE)
    ahead(-HOUR)
    world.provider = good
    expect(await ask()).toBe('key')
  })

  it('a key set is fetched again after a clock that was ahead is corrected', async () => {
    const { ask, world } = isolate(good)
    ahead(HOUR)
    expect(await ask()).toBe('key')
    ahead(-HOUR)
    world.provider = publishes(publicJwk(next))
    expect(await ask(next.kid)).toBe('key')
    expect(await ask()).toBe(NO_KEY)
  })
})

describe('unusable keys in a set', () => {
  const broken = { ...publicJwk(next), x: 'AAAA' }

  it('an unusable key is logged once for each set, and does not affect other keys', async () => {
    const { ask, emitted } = isolate(publishes(broken, publicJwk(key)))
    for (let asked = 0; asked < 3; asked++) expect(await ask(next.kid)).toBe(UNAVAILABLE)
    expect(await ask()).toBe('key')
    expect(emitted.map((line) => JSON.parse(line))).toEqual([
      { event: 'key-unusable', issuer: 'login', kid: next.kid, reason: expect.any(String) },
    ])
  })
})
