import { generateKeyPairSync } from 'node:crypto'
import type { JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bearer, issuerOf, openHttp, routeOf } from '../../support/fixtures'
import { accepted, type FrontDoor, frontDoor, refused } from '../../support/front-door'
import { startGateway, type TestGateway } from '../../support/gateway'
import { type Issuers, publicKeys, publishes, startIssuers } from '../../support/issuers'
import { privateKey } from '../../support/keys'
import { type RecordingOrigin, startOrigin } from '../../support/origin'
import { freePort } from '../../support/port'

/** A fetched key set is used for ten minutes where its issuer says nothing else. */
const FRESH_SECONDS = 600
const HOUR = 3600
const names = ['alone', 'refreshed', 'replaced', 'kept', 'weak']

let issuers: Issuers
let origin: RecordingOrigin
let gateway: TestGateway
let door: FrontDoor
const [old, next] = await Promise.all([privateKey('ES256'), privateKey('ES256')])

beforeAll(async () => {
  ;[issuers, origin] = await Promise.all([startIssuers(), startOrigin()])
  for (const name of names) issuers.set(name, { jwks: publishes(publicKeys(old)) })
  const port = await freePort()
  const gate = issuerOf(`http://127.0.0.1:${port}`, { id: 'gate', audience: ['outer'] })
  gateway = await startGateway({
    port,
    routes: [
      ...names.map((name) => issuers.route(name, origin.url)),
      routeOf(openHttp(origin.url), [issuerOf(issuers.issuer('kept'), { id: 'kept' })], {
        id: 'outer',
        path: '/outer',
        identity: { assertion: 'bearer' },
      }),
      routeOf(openHttp(origin.url), [gate], { id: 'inner', path: '/inner' }),
    ],
  })
  door = frontDoor(gateway, origin)
})
afterAll(async () => {
  await gateway?.close()
  await Promise.all([origin?.close(), issuers?.close()])
})

/** Lets time pass for the gateway: each case begins where the one before it ended. */
const pass = (seconds: number) => gateway.advance(seconds)

/** A token that outlives everything that happens to its key here. */
function longToken(name: string, key: JWK): string {
  const now = gateway.now()
  return issuers.token(name, key, { iat: now, exp: now + 10 * HOUR })
}

describe('tokens with a key that their issuer withdrew', () => {
  it('an accepted token with a withdrawn key is refused once the cached key set is no longer fresh', async () => {
    const token = longToken('alone', old)
    expect(await door.knock(token, '/alone')).toEqual(accepted)
    issuers.set('alone', { jwks: publishes(publicKeys(next)) })
    await pass(FRESH_SECONDS - 10)
    expect(await door.knock(token, '/alone')).toEqual(accepted)
    expect(issuers.asked('alone')).toBe(1)
    await pass(11)
    expect(await door.knock(token, '/alone')).toEqual(refused('key'))
    expect(issuers.asked('alone')).toBe(2)
  })

  it('an accepted token with a withdrawn key is refused once another token has refreshed the key set', async () => {
    const token = longToken('refreshed', old)
    expect(await door.knock(token, '/refreshed')).toEqual(accepted)
    issuers.set('refreshed', { jwks: publishes(publicKeys(next)) })
    // The gateway asks for an unknown key at most once in thirty seconds.
    await pass(31)
    expect(await door.knock(token, '/refreshed')).toEqual(accepted)
    expect(await door.knock(longToken('refreshed', next), '/refreshed')).toEqual(accepted)
    expect(issuers.asked('refreshed')).toBe(2)
    expect(await door.knock(token, '/refreshed')).toEqual(refused('key'))
  })

  it('an accepted token is refused once its issuer has another key with the same kid', async () => {
    const token = longToken('replaced', old)
    expect(await door.knock(token, '/replaced')).toEqual(accepted)
    issuers.set('replaced', { jwks: publishes(publicKeys({ ...next, kid: old.kid ?? '' })) })
    await pass(FRESH_SECONDS + 1)
    expect(await door.knock(token, '/replaced')).toEqual(refused('signature'))
  })

  it('a token is accepted for as long as the refreshed key set has the key of the token', async () => {
    const token = longToken('kept', old)
    expect(await door.knock(token, '/kept')).toEqual(accepted)
    issuers.set('kept', { jwks: publishes(publicKeys(next, old)) })
    for (let round = 2; round <= 4; round++) {
      await pass(FRESH_SECONDS + 1)
      expect(await door.knock(token, '/kept')).toEqual(accepted)
      expect(issuers.asked('kept')).toBe(round)
    }
  })
})

it('a token with an RSA key of 2040 bits is refused like a token with an unknown key', async () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2040 })
  const weak = { ...pair.privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'weak' } as JWK
  issuers.set('weak', { jwks: publishes(publicKeys(weak, old)) })
  expect(await door.knock(longToken('weak', weak), '/weak')).toEqual(refused('key'))
  expect(await door.knock(longToken('weak', old), '/weak')).toEqual(accepted)
})

it('a bearer token that the gateway signed is accepted repeatedly on a route that trusts the gateway', async () => {
  await gateway.fetch('/outer/x', { headers: bearer(longToken('kept', old)) })
  const signed = String(origin.last().headers.authorization).replace('Bearer ', '')
  for (let times = 1; times <= 3; times++) expect(await door.knock(signed, '/inner')).toEqual(accepted)
})
