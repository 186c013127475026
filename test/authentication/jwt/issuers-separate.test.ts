import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Policy } from '../../../src/config/define'
import { bearer, forge, openHttp, policyWithExamples, routeOf } from '../../support/fixtures'
import { accepted, expired, type FrontDoor, frontDoor, type Outcome, refused } from '../../support/front-door'
import { replaceAt, seconds } from '../../support/tokens'
import { json, openWorld, type World } from '../../support/world'

const admins: Policy = policyWithExamples({
  id: 'admins',
  allow: [{ name: 'admins', operations: ['*'], when: { role: 'admin' } }],
})
const denied: Outcome = {
  status: 403,
  code: 'policy-denied',
  reason: 'role-missing',
  tells: undefined,
  reached: false,
  leaked: false,
}

let world: World
let door: FrontDoor

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => [
    routeOf(openHttp(url), [issuer]),
    routeOf(openHttp(url), [issuer], { id: 'reused', path: '/reused', assertion: { bind: 'none' } }),
    routeOf(openHttp(url), [issuer], {
      id: 'admin',
      path: '/admin',
      assertion: { bind: 'none', audience: 'reused' },
      policies: [admins],
    }),
    routeOf({ kind: 'ag-ui', origin: { url } }, [issuer], { id: 'chat', path: '/chat' }),
  ])
  door = frontDoor(world.gateway, world.origin)
})
afterAll(() => world?.close())

describe('cached results of tokens', () => {
  it('the cached result for a token is never used for a token that differs in a single bit (T21)', async () => {
    const good = await forge(world.provider)
    const dots = [good.indexOf('.'), good.lastIndexOf('.')]
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(5), async (at, bit) => {
        fc.pre(!dots.includes(at))
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
        const flipped = alphabet[alphabet.indexOf(good[at] ?? '') ^ (1 << bit)] ?? ''
        expect(await door.knock(good)).toEqual(accepted)
        const outcome = await door.knock(replaceAt(good, at, flipped))
        expect(outcome).toMatchObject({ reached: false, leaked: false })
        // A bit of the key's id makes another, of which only so many are looked up.
        expect(['401 token-invalid', '503 keys-unavailable']).toContain(`${outcome.status} ${outcome.code}`)
      }),
      {
        numRuns: 120,
        examples: [
          [0, 0],
          [19, 0],
          [20, 0],
          [good.length - 1, 0],
          [good.length - 1, 5],
        ],
      },
    )
  })

  it('forty tokens of different people at the same time are each accepted for the right person (T21)', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 40 }, (_, index) => forge(world.provider, { claims: { sub: `person-${index}` } })),
    )
    const replies = await Promise.all(
      tokens.map(async (token, index) => {
        const response = await world.gateway.fetch(`/reused/${index}`, { headers: bearer(token) })
        return { status: response.status, who: (await world.gateway.auditOf(response)).who?.subject }
      }),
    )
    expect(replies).toEqual(tokens.map((_, index) => ({ status: 200, who: `person-${index}` })))
  })

  it('a token mixed from the headers, payloads and signatures of three good tokens is refused (T21)', async () => {
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((sub) => forge(world.provider, { claims: { sub } })))
    for (const token of [a, b, c]) expect(await door.knock(token ?? '')).toEqual(accepted)
    const cut = [a, b, c].map((token) => token?.split('.') ?? [])
    for (const [i, j, k] of [
      [0, 1, 2],
      [0, 0, 1],
      [0, 1, 0],
      [1, 0, 1],
    ] as const) {
      const mixed = [cut[i]?.[0], cut[j]?.[1], cut[k]?.[2]].join('.')
      const outcome = j === k ? accepted : refused('signature')
      expect(await door.knock(mixed)).toEqual(outcome)
    }
  })

  it('a token that one route accepted gets 403 policy-denied on a route with a stricter policy (T21, X5)', async () => {
    const token = await world.token('bob')
    for (let round = 0; round < 3; round++) {
      expect(await door.knock(token, '/reused')).toEqual(accepted)
      expect(await door.knock(token, '/admin')).toEqual(denied)
    }
    expect(await door.knock(await world.token('alice'), '/admin')).toEqual(accepted)
    expect(await door.knock(token, '/admin')).toEqual(denied)
  })

  it('a role of an earlier token does not count for a later token of the same person (T21)', async () => {
    const as = (roles: string[]) => forge(world.provider, { claims: { sub: 'carol', roles } })
    expect(await door.knock(await as(['admin']), '/admin')).toEqual(accepted)
    expect(await door.knock(await as([]), '/admin')).toEqual(denied)
  })

  it.each(['/agents/http', '/reused'])(
    'a token that the route %s has accepted is refused on that route once the token has expired (T21, invariant 10)',
    async (path) => {
      const token = await forge(world.provider, { claims: { exp: seconds() + 20 } })
      try {
        expect(await door.knock(token, path)).toEqual(accepted)
        await world.gateway.setClock(40)
        expect(await door.knock(token, path)).toEqual(accepted)
        await world.gateway.setClock(55)
        expect(await door.knock(token, path)).toEqual(expired)
      } finally {
        await world.gateway.setClock(0)
      }
    },
  )

  it('an assertion that the gateway reuses is sent only for the person whom it names (invariant 10)', async () => {
    const assertionFor = async (token: string) => {
      expect(await door.knock(token, '/reused')).toEqual(accepted)
      return world.origin.last().headers['x-sallyport-assertion']
    }
    const [alice, bob] = [await world.token('alice'), await world.token('bob')]
    const first = await assertionFor(alice)
    expect(await assertionFor(bob)).not.toBe(first)
    expect(await assertionFor(alice)).toBe(first)
  })
})

describe('raw tokens', () => {
  it('the raw token of a request does not reach the origin in headers, URL or body (S18, invariant 1)', async () => {
    const token = await world.token('alice')
    const body = {
      threadId: 't',
      runId: 'r',
      state: { note: `mine is ${token}` },
      messages: [{ id: 'm', role: 'user', content: token }],
      tools: [],
      context: [{ description: 'token', value: token }],
      forwardedProps: { authorization: `Bearer ${token}`, [token]: 1 },
    }
    const headers = {
      ...bearer(token),
      'content-type': 'application/json',
      accept: token,
      'accept-language': token,
      'x-forwarded-access-token': token,
      'x-copy': token,
      cookie: `token=${token}`,
    }
    const response = await world.gateway.fetch('/chat', { ...json(body), headers })
    const replied = `${JSON.stringify([...response.headers])}${await response.text()}`
    expect(response.status).toBe(200)
    const received = world.origin.last()
    expect(received.body).toContain('mine is [removed]')
    for (const part of [token, ...token.split('.')]) {
      expect(JSON.stringify(received)).not.toContain(part)
      expect(replied).not.toContain(part)
      expect(world.gateway.logs.join('\n')).not.toContain(part)
    }
  })

  it.each([
    ['in the query', (token: string) => `/agents/http/x?access_token=${token}`],
    ['in the path', (token: string) => `/agents/http/${token}`],
    ['as a thread', (token: string) => `/agents/http/threads/${token}/runs`],
  ])(
    'a request with its token %s is refused with token-in-url, and the token is written nowhere (S18)',
    async (_where, pathOf) => {
      const token = await world.token('alice')
      const before = world.origin.received.length
      const response = await world.gateway.fetch(pathOf(token), { headers: bearer(token) })
      const event = await world.gateway.auditOf(response)
      expect([response.status, event.code]).toEqual([400, 'token-in-url'])
      const seen = [...response.headers, await response.text(), ...world.gateway.logs].join('\n')
      for (const part of [token, ...token.split('.')]) expect(seen).not.toContain(part)
      expect(world.origin.received).toHaveLength(before)
    },
  )

  it('after the tests of separate issuers, the log contains no part of any token (S18)', () => {
    expect(door.leakedIntoLogs()).toEqual([])
  })
})
