import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually'
import { bearer, issuerOf, openHttp, routeOf } from '../../support/fixtures'
import { accepted, type FrontDoor, frontDoor, refused, unavailable } from '../../support/front-door'
import { startGateway, type TestGateway } from '../../support/gateway'
import {
  type Answer,
  hangs,
  type Issuers,
  publicKeys,
  publishes,
  type Site,
  says,
  startIssuers,
} from '../../support/issuers'
import { privateKey } from '../../support/keys'
import { type RecordingOrigin, startOrigin } from '../../support/origin'
import { freePort } from '../../support/port'
import { plainRequest } from '../../support/raw'

let issuers: Issuers
let origin: RecordingOrigin
let gateway: TestGateway
let door: FrontDoor
const key = await privateKey('ES256')
const works = publishes(publicKeys(key))

/** One byte each 100 ms: never silent, never done. */
const drips: Answer = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const timer = setInterval(() => response.write(' '), 100)
  response.on('close', () => clearInterval(timer))
}
const cuts: Answer = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
  response.write('{"keys":[')
  setTimeout(() => response.destroy(), 20)
}
const slowly =
  (milliseconds: number, answer: Answer): Answer =>
  (request, response) => {
    setTimeout(() => answer(request, response), milliseconds)
  }

/** A route for each issuer; an issuer's way of failing is its name. */
const sites: Record<string, Site> = {
  healthy: { jwks: works },
  herd: { jwks: slowly(200, works) },
  counting: { discovery: says(503) },
  'counting-keys': { jwks: says(503) },
  hanging: { discovery: hangs },
  'hanging-keys': { jwks: hangs },
  dripping: { jwks: drips },
  cut: { jwks: cuts },
  'kids-good': { jwks: works },
  'kids-empty': { jwks: publishes([]) },
  'kids-500': { jwks: says(500) },
  'kids-hanging': { jwks: hangs },
  'fails-a': { jwks: says(500) },
  'fails-b': { discovery: says(503) },
  'fails-c': { jwks: cuts },
  'fails-d': { jwks: publishes([]) },
  'left-early': { jwks: slowly(300, works) },
}

beforeAll(async () => {
  ;[issuers, origin] = await Promise.all([startIssuers(), startOrigin()])
  for (const [name, site] of Object.entries(sites)) issuers.set(name, site)
  const nobody = `http://127.0.0.1:${await freePort()}`
  const failing = ['fails-a', 'fails-b', 'fails-c', 'fails-d', 'healthy']
  gateway = await startGateway({
    routes: [
      ...Object.keys(sites).map((name) => issuers.route(name, origin.url)),
      routeOf(openHttp(origin.url), [issuerOf(nobody, { id: 'refused' })], { id: 'refused', path: '/refused' }),
      routeOf(
        openHttp(origin.url),
        failing.map((name) => issuerOf(issuers.issuer(name), { id: `many-${name}`, subjectPrefix: `${name}|` })),
        { id: 'many', path: '/many' },
      ),
    ],
  })
  door = frontDoor(gateway, origin)
  nobodyThere = nobody
})
afterAll(async () => {
  await gateway?.close()
  await Promise.all([origin?.close(), issuers?.close()])
})

let nobodyThere: string
const tokenOf = (name: string, header: object = {}) =>
  name === 'refused' ? issuers.token(name, key, { iss: nobodyThere }, header) : issuers.token(name, key, {}, header)
const knock = (name: string, header: object = {}) => door.knock(tokenOf(name, header), `/${name}`)
/** Attempts to fetch keys that failed, as the gateway counts them. */
const failures = (name: string) =>
  gateway.logs.filter((line) => line.startsWith('{"event":"keys-unreachable"') && line.includes(`"${name}"`)).length

/** So many requests, some at a time; how often each status came. */
async function storm(count: number, send: () => Promise<{ status: number }>) {
  const statuses: Record<number, number> = {}
  let left = count
  const worker = async () => {
    while (left-- > 0) {
      const { status } = await send()
      statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: 25 }, worker))
  return statuses
}
const plain = (name: string, token: string) => plainRequest(gateway.url, { path: `/${name}/x`, headers: bearer(token) })

it('a token of an issuer that answers is accepted', async () => {
  expect(await knock('healthy')).toEqual(accepted)
})

it('fifty requests at once to a new isolate fetch the discovery document and the keys only once (F15)', async () => {
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => knock('herd')))
  expect(outcomes).toEqual(outcomes.map(() => accepted))
  expect([issuers.asked('herd', '.well-known/openid-configuration'), issuers.asked('herd')]).toEqual([1, 1])
})

it('a fetch of keys goes on if the caller whose request began the fetch has disconnected (F15)', async () => {
  const leaving = new AbortController()
  const first = gateway.fetch('/left-early/x', { headers: bearer(tokenOf('left-early')), signal: leaving.signal })
  setTimeout(() => leaving.abort(), 100)
  await expect(first).rejects.toThrow()
  expect(await knock('left-early')).toEqual(accepted)
  expect(issuers.asked('left-early')).toBe(1)
})

describe('keys that cannot be fetched', () => {
  it.each([
    ['refused', 1000],
    ['counting', 1000],
    ['counting-keys', 200],
    ['cut', 200],
  ])(
    'with the failing issuer "%s", %i requests get keys-unavailable and cause at most three fetches (F1, invariant 7)',
    async (name, count) => {
      expect(await knock(name)).toEqual(unavailable(name))
      const token = tokenOf(name)
      expect(await storm(count, () => plain(name, token))).toEqual({ 503: count })
      expect(failures(name)).toBeGreaterThan(0)
      expect(failures(name)).toBeLessThanOrEqual(3)
      expect(issuers.asked(name)).toBeLessThanOrEqual(3)
      expect(issuers.asked(name, '.well-known/openid-configuration')).toBeLessThanOrEqual(3)
    },
  )

  it('no request waits for the network during the cool-down after a failed fetch of keys (F1)', async () => {
    await knock('refused')
    const times: number[] = []
    for (let round = 0; round < 31; round++) {
      const started = performance.now()
      expect(await plain('refused', tokenOf('refused'))).toMatchObject({ status: 503 })
      times.push(performance.now() - started)
    }
    expect(times.sort((a, b) => a - b)[15]).toBeLessThan(50)
  })

  it.each(['hanging', 'hanging-keys', 'dripping'])(
    'with the issuer "%s", requests share a single fetch of keys that ends after three seconds (F3, T27)',
    async (name) => {
      let answered = 0
      const waiting = Promise.all(Array.from({ length: 10 }, () => knock(name).finally(() => answered++)))
      await eventually('the issuer is asked', () => issuers.received(name).length === (name === 'hanging' ? 1 : 2))
      // The gateway serves others meanwhile.
      const meanwhile = performance.now()
      expect(await knock('healthy')).toEqual(accepted)
      expect(performance.now() - meanwhile).toBeLessThan(1000)
      await gateway.advance(2)
      await sleep(50)
      expect([answered, failures(name)]).toEqual([0, 0])
      await gateway.advance(1)
      const moved = performance.now()
      expect(await waiting).toEqual(Array(10).fill(unavailable(name)))
      expect(performance.now() - moved).toBeLessThan(1000)
      // No request waits again until the cool-down is over.
      const again = performance.now()
      expect(await knock(name)).toEqual(unavailable(name))
      expect(performance.now() - again).toBeLessThan(1000)
      expect(issuers.asked(name, '.well-known/openid-configuration')).toBe(1)
      expect(issuers.asked(name)).toBe(name === 'hanging' ? 0 : 1)
      expect(failures(name)).toBe(1)
    },
  )

  it('if several issuers fail at once, only tokens of failing issuers get keys-unavailable (T24)', async () => {
    const names = ['fails-a', 'fails-b', 'fails-c', 'fails-d', 'healthy']
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const name = names[index % names.length] ?? ''
        return { name, outcome: await door.knock(tokenOf(name), '/many') }
      }),
    )
    for (const { name, outcome } of outcomes)
      expect({ name, ...outcome }).toEqual({ name, ...(name === 'healthy' ? accepted : unavailable(`many-${name}`)) })
    for (const name of names) expect(issuers.asked(name)).toBeLessThanOrEqual(name === 'healthy' ? 2 : 1)
  })

  it('a token with a wrong form, iss or alg is refused as invalid while keys are unavailable (T24, invariant 7)', async () => {
    expect(await door.knock('a.b.c', '/fails-a')).toEqual(refused('form'))
    expect(await door.knock(tokenOf('healthy'), '/fails-a')).toEqual(refused('issuer'))
    expect(await knock('fails-a', { alg: 'none' })).toEqual(refused('algorithm'))
    expect(await knock('fails-a')).toEqual(unavailable('fails-a'))
  })
})

describe('unknown kids (T23)', () => {
  const kid = () => ({ kid: crypto.randomUUID() })

  it('unknown kids cause three fetches of keys; later unknown kids get 503', async () => {
    expect(await knock('kids-good')).toEqual(accepted)
    const withdrawn = kid()
    expect(await knock('kids-good', withdrawn)).toEqual(refused('key'))
    const answers = await storm(1000, () => plain('kids-good', tokenOf('kids-good', kid())))
    expect(Object.keys(answers)).toEqual(['401', '503'])
    expect(await knock('kids-good')).toEqual(accepted)
    expect(await knock('kids-good', withdrawn)).toEqual(refused('key'))
    expect(issuers.asked('kids-good')).toBe(1 + 3)
  })

  it.each([
    ['kids-empty', 0],
    ['kids-500', 0],
    // The fetch is given up after three seconds.
    ['kids-hanging', 3],
  ])('unknown kids cause a single fetch of keys at the failing issuer "%s"', async (name, seconds) => {
    const first = knock(name, kid())
    await eventually('the keys are asked for', () => issuers.asked(name) > 0)
    await gateway.advance(seconds)
    expect(await first).toEqual(unavailable(name))
    expect(await storm(300, () => plain(name, tokenOf(name, kid())))).toEqual({ 503: 300 })
    expect(issuers.asked(name)).toBe(1)
  })
})

it('after the tests of unreachable keys, the log contains no part of any token (S18)', () => {
  expect(door.leakedIntoLogs()).toEqual([])
})
