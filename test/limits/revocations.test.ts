import { describe, expect, it } from 'vitest'
import { Refusal } from '../../src/errors/refusal'
import { hashOf, type RevocationDocument } from '../../src/limits/revocation-entry'
import { createRevocations } from '../../src/limits/revocations'

/*
 * The copy of the list that an isolate has. Time is driven, and each answer of the object is given
 * by hand.
 */

const ISSUER = 'https://login.example.com'
const alice = {
  issuer: ISSUER,
  identityProvider: ISSUER,
  subject: 'alice',
  tenant: undefined,
  claims: { sub: 'alice' },
}
const closes = { id: 'support', withoutList: 'closed', isForOperators: false } as const
const opens = { ...closes, withoutList: 'open' } as const
const EMPTY: RevocationDocument = { version: 0, entries: {}, closed: {} }
const withoutAlice: RevocationDocument = {
  ...EMPTY,
  version: 1,
  entries: { person: [await hashOf('person', ISSUER, 'alice')] },
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

interface Isolate {
  readonly sharedCache?: Pick<Cache, 'match' | 'put'>
  readonly publicUrl?: string
}

function openIsolate({ sharedCache, publicUrl = 'https://gate.example.com' }: Isolate = {}) {
  let now = Date.parse('2026-11-29T12:00:00Z')
  let timers: { at: number; work: () => void }[] = []
  const asked: PromiseWithResolvers<Response>[] = []
  const logs: string[] = []
  const after = (milliseconds: number, work: () => void) => {
    const timer = { at: now + milliseconds, work }
    timers.push(timer)
    return () => {
      timers = timers.filter((each) => each !== timer)
    }
  }
  const ports = {
    now: () => now,
    after,
    log: (line: string) => void logs.push(line),
    ...(sharedCache && { sharedCache }),
  } as unknown as Parameters<typeof createRevocations>[2]
  const revocations = createRevocations(
    publicUrl,
    () => {
      const answer = Promise.withResolvers<Response>()
      asked.push(answer)
      return answer.promise
    },
    ports,
  )
  const background = { waitUntil: () => undefined }
  const outcome = async (route: typeof closes | typeof opens = closes) => {
    try {
      await revocations.admit(route, alice, background)
      return 'passes'
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown
      return thrown.code
    }
  }
  return {
    revocations,
    outcome,
    asked,
    logs,
    after,
    background,
    timers: () => timers.length,
    answer: (at: number, body: unknown, status = 200) => asked[at]?.resolve(Response.json(body, { status })),
    fail: (at: number) => asked[at]?.reject(new Error('Durable Object reset')),
    async pass(milliseconds: number) {
      now += milliseconds
      for (const timer of [...timers]) {
        if (timer.at > now) continue
        timers = timers.filter((each) => each !== timer)
        timer.work()
      }
      await settled()
    },
  }
}

/** An isolate that has asked once. */
async function warm(document: RevocationDocument = EMPTY) {
  const isolate = openIsolate()
  const first = isolate.outcome()
  await settled()
  isolate.answer(0, document)
  await first
  return isolate
}

describe('copies of the list of revocations', () => {
  it('a request waits for the list of revocations if the isolate has no copy yet', async () => {
    const isolate = openIsolate()
    const waiting = isolate.outcome()
    await settled()
    isolate.answer(0, withoutAlice)
    expect(await waiting).toBe('token-invalid')
  })

  it('a copy of the list of revocations is used for 5 seconds, and 5 more during a refresh; then requests wait', async () => {
    const isolate = await warm()
    await isolate.pass(4_999)
    expect([await isolate.outcome(), isolate.asked.length]).toEqual(['passes', 1])
    await isolate.pass(1)
    expect(await isolate.outcome()).toBe('passes')
    await settled()
    expect(isolate.asked).toHaveLength(2)
    isolate.answer(1, EMPTY)
    await settled()
    await isolate.pass(10_000)
    const waiting = isolate.outcome()
    await settled()
    isolate.answer(2, withoutAlice)
    expect(await waiting).toBe('token-invalid')
  })

  it('the list of revocations is fetched once for all requests that wait for it', async () => {
    const isolate = openIsolate()
    const waiting = Promise.all([isolate.outcome(), isolate.outcome(), isolate.outcome()])
    await settled()
    expect(isolate.asked).toHaveLength(1)
    isolate.answer(0, withoutAlice)
    expect(await waiting).toEqual(['token-invalid', 'token-invalid', 'token-invalid'])
  })

  it('a list of revocations that arrives late does not replace a newer copy', async () => {
    const isolate = await warm()
    await isolate.pass(10_000)
    const slow = isolate.outcome()
    await isolate.pass(2_000)
    expect(await slow).toBe('passes')
    await isolate.pass(1_000)
    const next = isolate.outcome()
    await settled()
    isolate.answer(2, withoutAlice)
    expect(await next).toBe('token-invalid')
    isolate.answer(1, EMPTY)
    await settled()
    expect(await isolate.outcome()).toBe('token-invalid')
  })

  it('a copy of the list of revocations is not used after the clock was set back', async () => {
    const isolate = await warm()
    await isolate.pass(-60_000)
    const waiting = isolate.outcome()
    await settled()
    expect(isolate.asked).toHaveLength(2)
    isolate.answer(1, withoutAlice)
    expect(await waiting).toBe('token-invalid')
  })

  it('a list of revocations may have kinds of entries that this version does not know', async () => {
    const isolate = openIsolate()
    const waiting = isolate.outcome()
    await settled()
    isolate.answer(0, { ...withoutAlice, entries: { ...withoutAlice.entries, device: ['00'] } })
    expect(await waiting).toBe('token-invalid')
  })

  it('an empty list of revocations closes no route, even if the id is "constructor"', async () => {
    const isolate = await warm()
    for (const id of ['constructor', 'valueof', 'tostring'])
      await expect(isolate.revocations.admit({ ...closes, id }, undefined, isolate.background)).resolves.toBeUndefined()
  })
})

describe('broken lists of revocations (F16)', () => {
  it.each<[string, (isolate: ReturnType<typeof openIsolate>, at: number) => unknown]>([
    ['fails', ({ fail }, at) => fail(at)],
    ['answers 503', ({ answer }, at) => answer(at, {}, 503)],
    ['has no entries', ({ answer }, at) => answer(at, { entries: null })],
    ['is not an object', ({ answer }, at) => answer(at, null)],
    ['has a list where names should be', ({ answer }, at) => answer(at, { version: 1, entries: [], closed: [] })],
    [
      'has a text where hashes should be',
      ({ answer }, at) => answer(at, { version: 1, entries: { person: 'abc' }, closed: {} }),
    ],
  ])('if the list of revocations %s, the last copy is used for 45 seconds before routes close', async (_, breaks) => {
    const isolate = await warm(withoutAlice)
    for (let at = 1; at <= 4; at++) {
      await isolate.pass(10_000)
      const waiting = isolate.outcome()
      await settled()
      breaks(isolate, at)
      expect(await waiting).toBe('token-invalid')
    }
    await isolate.pass(5_000)
    const late = isolate.outcome()
    await settled()
    breaks(isolate, 5)
    expect(await late).toBe('revocations-unavailable')
    expect(await isolate.outcome(opens)).toBe('token-invalid')
    expect(isolate.logs).toHaveLength(5)
  })

  it('without a copy, routes close if the list of revocations cannot be fetched; the next fetch is a second later', async () => {
    const isolate = openIsolate()
    const waiting = isolate.outcome()
    await settled()
    isolate.fail(0)
    expect([await waiting, await isolate.outcome(), isolate.asked.length]).toEqual([
      'revocations-unavailable',
      'revocations-unavailable',
      1,
    ])
    expect(await isolate.outcome(opens)).toBe('passes')
    await isolate.pass(1_000)
    const again = isolate.outcome()
    await settled()
    isolate.answer(1, EMPTY)
    expect(await again).toBe('passes')
  })

  it('a list of revocations that does not arrive delays a request by 2 seconds', async () => {
    const isolate = openIsolate()
    const waiting = isolate.outcome()
    await isolate.pass(2_000)
    expect(await waiting).toBe('revocations-unavailable')
  })
})

function openCache(): Pick<Cache, 'match' | 'put'> {
  const kept = new Map<unknown, string>()
  return {
    match: async (name: unknown) => (kept.has(name) ? new Response(kept.get(name)) : undefined),
    put: async (name: unknown, response: Response) => void kept.set(name, await response.text()),
  } as unknown as Pick<Cache, 'match' | 'put'>
}

describe('isolates in the same data centre', () => {
  it('two gateways in the same zone do not share a list of revocations', async () => {
    const sharedCache = openCache()
    const [staging, production] = ['https://staging.example.com', 'https://gate.example.com'].map((publicUrl) =>
      openIsolate({ sharedCache, publicUrl }),
    )
    const waiting = staging?.outcome()
    await settled()
    staging?.answer(0, EMPTY)
    expect(await waiting).toBe('passes')
    const other = production?.outcome()
    await settled()
    production?.answer(0, withoutAlice)
    expect(await other).toBe('token-invalid')
  })

  it.each(['{"at":now}', '{', '{"at":now,"document":{"entries":[],"closed":{}}}'])(
    'an isolate asks the Durable Object for revocations if the answer in the cache is unusable: %s',
    async (text) => {
      const sharedCache = {
        match: async () => new Response(text.replace('now', String(Date.parse('2026-11-29T12:00:00Z')))),
        put: async () => undefined,
      } as unknown as Pick<Cache, 'match' | 'put'>
      const isolate = openIsolate({ sharedCache })
      const waiting = isolate.outcome()
      await settled()
      isolate.answer(0, withoutAlice)
      expect(await waiting).toBe('token-invalid')
    },
  )

  it('isolates in the same data centre share an answer with revocations for 5 seconds', async () => {
    const sharedCache = openCache()
    const [first, second] = [openIsolate({ sharedCache }), openIsolate({ sharedCache })]
    const waiting = first.outcome()
    await settled()
    first.answer(0, withoutAlice)
    expect(await waiting).toBe('token-invalid')
    expect([await second.outcome(), second.asked.length]).toEqual(['token-invalid', 0])
    const third = openIsolate({ sharedCache })
    await third.pass(5_000)
    void third.outcome()
    await settled()
    expect(third.asked).toHaveLength(1)
  })

  it('an isolate fetches the list of revocations without the cache if the cache fails', async () => {
    const sharedCache = {
      match: () => Promise.reject(new Error('no cache')),
      put: () => Promise.reject(new Error('no cache')),
    } as unknown as Pick<Cache, 'match' | 'put'>
    const isolate = openIsolate({ sharedCache })
    const waiting = isolate.outcome()
    await settled()
    isolate.answer(0, EMPTY)
    expect(await waiting).toBe('passes')
  })
})

describe('streams watched for revocations', () => {
  it('a stream that is watched for revocations has no timer after its end', async () => {
    const isolate = await warm()
    const before = isolate.timers()
    const stop = isolate.revocations.watch(closes, alice, isolate, () => undefined)
    expect(isolate.timers()).toBe(before + 1)
    stop()
    expect(isolate.timers()).toBe(before)
  })

  it('a stream is not checked for revocations again if it ends during a check', async () => {
    const isolate = await warm()
    let ended = 0
    const stop = isolate.revocations.watch(closes, alice, isolate, () => ended++)
    await isolate.pass(5_000)
    stop()
    isolate.answer(1, withoutAlice)
    await settled()
    await isolate.pass(60_000)
    expect([ended, isolate.asked.length]).toEqual([0, 2])
  })
})
