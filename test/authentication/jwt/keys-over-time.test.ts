import { setTimeout as sleep } from 'node:timers/promises'
import type { JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually'
import { accepted, type FrontDoor, frontDoor, refused, unavailable } from '../../support/front-door'
import { startGateway, type TestGateway } from '../../support/gateway'
import { hangs, type Issuers, publicKeys, publishes, says, startIssuers } from '../../support/issuers'
import { privateKey } from '../../support/keys'
import { type RecordingOrigin, startOrigin } from '../../support/origin'

const MINUTE = 60
const HOUR = 3600
const names = [
  'outage',
  'idle',
  'hang',
  'rotation',
  'withdrawn',
  'withdrawn-idle',
  'emptied',
  'unknown',
  'short',
  'usual',
  'long',
  'odd',
]

let issuers: Issuers
let origin: RecordingOrigin
let gateway: TestGateway
let door: FrontDoor
const [first, second] = await Promise.all([privateKey('ES256'), privateKey('ES256')])

beforeAll(async () => {
  ;[issuers, origin] = await Promise.all([startIssuers(), startOrigin()])
  for (const name of names) issuers.set(name, { jwks: publishes(publicKeys(first)) })
  gateway = await startGateway({ routes: names.map((name) => issuers.route(name, origin.url)) })
  door = frontDoor(gateway, origin)
})
afterAll(async () => {
  await gateway?.close()
  await Promise.all([origin?.close(), issuers?.close()])
})

/**
 * Lets time pass for the gateway. It never runs backwards here: each case begins where the one
 * before it ended.
 */
const pass = (seconds: number) => gateway.advance(seconds)
/** A fresh token by the gateway's clock. */
const tokenBy = (name: string, key: JWK, header: object = {}) => {
  const now = gateway.now()
  return issuers.token(name, key, { iat: now, exp: now + 600 }, header)
}
const knock = (name: string, key = first, header: object = {}) => door.knock(tokenBy(name, key, header), `/${name}`)
/** Until a fetch in the background has been seen. */
const until = (isSo: () => boolean) => eventually('the keys are asked for', isSo)

describe('issuers that go down (F2)', () => {
  it('tokens of an issuer that is down are accepted with its last keys for a day, then get 503', async () => {
    expect(await knock('outage')).toEqual(accepted)
    issuers.set('outage', { discovery: says(503), jwks: says(503) })
    for (const [passed, outcome] of [
      [2 * HOUR, accepted],
      [10 * HOUR, accepted],
      [11 * HOUR + 59 * MINUTE, accepted],
      [2 * MINUTE, unavailable('outage')],
      [24 * HOUR, unavailable('outage')],
    ] as const) {
      await pass(passed)
      expect(await knock('outage')).toEqual(outcome)
    }
    // A key that might be new cannot be told from one that is made up: that is not the token's
    // fault.
    expect(await knock('outage', second)).toEqual(unavailable('outage'))
    issuers.set('outage', { jwks: publishes(publicKeys(first)) })
    await pass(20)
    expect(await knock('outage')).toEqual(accepted)
    expect(await knock('outage', second)).toEqual(refused('key'))
  })

  it('the gateway asks an issuer that is down for keys only after a cool-down, and not at each request', async () => {
    expect(await knock('idle')).toEqual(accepted)
    issuers.set('idle', { jwks: says(503) })
    await pass(HOUR + 1)
    for (let request = 0; request < 20; request++) expect(await knock('idle')).toEqual(accepted)
    await until(() => issuers.asked('idle') === 2)
    await pass(16)
    for (let request = 0; request < 20; request++) expect(await knock('idle')).toEqual(accepted)
    await until(() => issuers.asked('idle') === 3)
    expect(await knock('idle', second)).toEqual(unavailable('idle'))
    expect(issuers.asked('idle')).toBe(3)
  })

  it('an issuer that does not answer a fetch of keys delays requests once, and not again while it is silent (F3)', async () => {
    expect(await knock('hang')).toEqual(accepted)
    issuers.set('hang', { jwks: hangs })
    await pass(HOUR + 1)
    let isAnswered = false
    const held = knock('hang').finally(() => {
      isAnswered = true
    })
    await until(() => issuers.asked('hang') === 2)
    await pass(2)
    await sleep(50)
    expect(isAnswered).toBe(false)
    await pass(1)
    expect(await held).toEqual(accepted)
    const failures = () =>
      gateway.logs.filter((line) => line.startsWith('{"event":"keys-unreachable"') && line.includes('"hang"')).length
    for (let round = 0; round < 3; round++) {
      await pass(16)
      const started = performance.now()
      expect(await knock('hang')).toEqual(accepted)
      expect(performance.now() - started).toBeLessThan(1000)
      await until(() => issuers.asked('hang') === 3 + round)
      // The fetch in the background is given up before the next one is due.
      await pass(3)
      await until(() => failures() === 2 + round)
    }
  })
})

describe('issuers that change their keys (F4)', () => {
  it('the first token with a new key causes a single fetch of keys, although twenty requests come at once', async () => {
    expect(await knock('rotation')).toEqual(accepted)
    issuers.set('rotation', { jwks: publishes(publicKeys(second, first)) })
    await pass(31)
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => knock('rotation', index % 2 ? first : second)),
    )
    expect(outcomes).toEqual(outcomes.map(() => accepted))
    expect(issuers.asked('rotation')).toBe(2)
  })

  it.each([
    ['withdrawn', [540, 61]],
    ['withdrawn-idle', [8 * HOUR]],
  ])('at the issuer "%s", a removed key is refused once the key set is no longer fresh', async (name, waits) => {
    expect(await knock(name)).toEqual(accepted)
    issuers.set(name, { jwks: publishes(publicKeys(second)) })
    for (const wait of waits.slice(0, -1)) {
      await pass(wait)
      expect(await knock(name)).toEqual(accepted)
    }
    await pass(waits.at(-1) ?? 0)
    expect(await knock(name)).toEqual(refused('key'))
    expect(await knock(name, second)).toEqual(accepted)
  })

  it('an issuer that publishes an empty key set is treated as an issuer that is down', async () => {
    expect(await knock('emptied')).toEqual(accepted)
    issuers.set('emptied', { jwks: publishes([]) })
    await pass(HOUR + 1)
    expect(await knock('emptied')).toEqual(accepted)
    await pass(24 * HOUR)
    expect(await knock('emptied')).toEqual(unavailable('emptied'))
  })

  it('the gateway asks an issuer for unknown keys three times at once, and then once in ten seconds (T23)', async () => {
    expect(await knock('unknown')).toEqual(accepted)
    for (const [passed, asked] of [
      [29, 4],
      [9, 4],
      [2, 5],
      [60, 8],
    ] as const) {
      await pass(passed)
      for (let request = 0; request < 10; request++)
        expect([refused('key'), unavailable('unknown')]).toContainEqual(
          await knock('unknown', first, { kid: crypto.randomUUID() }),
        )
      expect(issuers.asked('unknown')).toBe(asked)
    }
  })
})

it.each([
  ['short', 'max-age=5', 60],
  ['usual', undefined, 600],
  ['long', 'public, max-age=31536000, immutable', 3600],
  ['odd', 'no-cache, s-maxage=7, x-max-age=7, Max-Age=300', 300],
])(
  'at the issuer "%s", cache-control "%s" lets the gateway use a key set for %i seconds (F4)',
  async (name, cacheControl, fresh) => {
    const headers: Record<string, string> = cacheControl ? { 'cache-control': cacheControl } : {}
    issuers.set(name, { jwks: publishes(publicKeys(first), headers) })
    expect(await knock(name)).toEqual(accepted)
    await pass(fresh - 5)
    expect(await knock(name)).toEqual(accepted)
    expect(issuers.asked(name)).toBe(1)
    await pass(6)
    expect(await knock(name)).toEqual(accepted)
    await until(() => issuers.asked(name) === 2)
    await pass(fresh - 5)
    expect(await knock(name)).toEqual(accepted)
    expect(issuers.asked(name)).toBe(2)
  },
)

it('after the tests of keys over time, the log contains no part of any token (S18)', () => {
  expect(door.leakedIntoLogs()).toEqual([])
})
