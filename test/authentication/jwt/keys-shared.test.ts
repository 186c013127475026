import { afterAll, expect, it } from 'vitest'
import { bearer } from '../../support/fixtures'
import { startIsolates } from '../../support/isolates'
import { publicKeys, publishes, says, startIssuers } from '../../support/issuers'
import { privateKey } from '../../support/keys'
import { startOrigin } from '../../support/origin'

const [key, origin, issuers] = await Promise.all([privateKey('ES256'), startOrigin(), startIssuers()])
issuers.set('login', { jwks: publishes(publicKeys(key)) })
const route = { ...issuers.route('login', origin.url), identity: { assertion: 'off' as const } }
const isolates = await startIsolates(3, [route])
afterAll(async () => {
  await isolates.close()
  await Promise.all([origin.close(), issuers.close()])
})

const knock = async (url: string, token = issuers.token('login', key)) =>
  (await fetch(`${url}/login/x`, { headers: bearer(token) })).status
const [first = '', second = '', third = ''] = isolates.urls

it('in workerd, a new isolate uses the keys that another isolate fetched (F15)', async () => {
  expect(await knock(first)).toBe(200)
  expect(await knock(second)).toBe(200)
  expect(issuers.asked('login')).toBe(1)
  // It has keys, not an open door.
  const other = await privateKey('ES256')
  expect(await knock(second, issuers.token('login', other, {}, { kid: key.kid }))).toBe(401)
  expect(issuers.asked('login')).toBe(1)
})

it('in workerd, a new isolate accepts tokens while the identity provider is down (F2)', async () => {
  issuers.set('login', { discovery: says(503), jwks: says(503) })
  expect(await knock(third)).toBe(200)
  expect(issuers.asked('login')).toBe(1)
})

it('in workerd, a new isolate does not use a copy of keys that is a day old (F2)', async () => {
  await fetch(`${third}/__test/clock?offset=${25 * 3600 * 1000}`)
  const now = Math.floor(Date.now() / 1000) + 25 * 3600
  expect(await knock(third, issuers.token('login', key, { iat: now, exp: now + 600 }))).toBe(503)
})
