import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bearer, issuerOf, openHttp, routeOf } from '../support/fixtures'
import { startGateway, type TestGateway } from '../support/gateway'
import { type Issuers, publicKeys, publishes, startIssuers } from '../support/issuers'
import { privateKey } from '../support/keys'
import { type RecordingOrigin, startOrigin } from '../support/origin'
import { signRaw } from '../support/tokens'
import { now } from './provider'

/*
 * One entry of `trust` for several tenants, each with keys of its own, and issuers that are no
 * address.
 */

const [red, blue] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222']
const [redKey, blueKey] = await Promise.all([privateKey('RS256'), privateKey('RS256')])
const issuerAt = (tenant: string) => `https://login.microsoftonline.com/${tenant}/v2.0`

let issuers: Issuers
let origin: RecordingOrigin
let gateway: TestGateway

beforeAll(async () => {
  ;[issuers, origin] = await Promise.all([startIssuers(), startOrigin()])
  issuers.set(red, { jwks: publishes(publicKeys(redKey)) })
  issuers.set(blue, { jwks: publishes(publicKeys(blueKey)) })
  const entra = issuerOf(issuerAt('{tenant}'), {
    preset: 'entra',
    tenants: [red, blue],
    algorithms: ['RS256'],
    jwksUri: `${issuers.url}/{tenant}/jwks`,
  })
  const named = issuerOf('acme.com', { id: 'named', jwksUri: `${issuers.url}/${red}/jwks` })
  gateway = await startGateway({
    routes: [
      routeOf(openHttp(origin.url), [entra], { id: 'entra', path: '/entra' }),
      routeOf(openHttp(origin.url), [named], { id: 'named', path: '/named' }),
    ],
  })
})
afterAll(async () => {
  await gateway?.close()
  await Promise.all([issuers?.close(), origin?.close()])
})

async function ask(path: string, key: typeof redKey, claims: object) {
  const times = { iat: now - 5, exp: now + 600 }
  const token = signRaw({ alg: 'RS256', kid: key.kid }, { aud: 'agents', sub: 'same', ...times, ...claims }, key)
  const reply = await gateway.fetch(`${path}/x`, { headers: bearer(token) })
  await reply.arrayBuffer()
  return { status: reply.status, reason: (await gateway.auditOf(reply)).reason }
}
const told = () => decodeJwt(String(origin.last().headers['x-sallyport-assertion']))

it('the same sub in two tenants gives two user ids, and each assertion names its tenant', async () => {
  const person = { tid: red, azp: 'app', upn: 'alice@red.example', scp: 'Agents.Use' }
  expect(await ask('/entra', redKey, { iss: issuerAt(red), ...person })).toEqual({ status: 200, reason: undefined })
  // The administrator of another tenant decides which addresses its people have.
  expect(told()).toMatchObject({ sub: `${red}:same`, tenant: red, caller: 'user' })
  expect(told()).not.toHaveProperty('email')
  expect((await ask('/entra', blueKey, { iss: issuerAt(blue), tid: blue, azp: 'app', scp: 'x' })).status).toBe(200)
  expect(told()).toMatchObject({ sub: `${blue}:same`, tenant: blue })
})

it('a token of an unlisted tenant, or with the key of another tenant, is refused', async () => {
  const other = '33333333-3333-4333-8333-333333333333'
  expect(await ask('/entra', redKey, { iss: issuerAt(other) })).toEqual({ status: 401, reason: 'issuer' })
  expect(await ask('/entra', redKey, { iss: issuerAt('{tenant}') })).toEqual({ status: 401, reason: 'issuer' })
  expect(await ask('/entra', redKey, { iss: issuerAt(blue) })).toEqual({ status: 401, reason: 'key' })
})

it('a token of an issuer that is not a URL is verified with the keys at jwksUri', async () => {
  expect((await ask('/named', redKey, { iss: 'acme.com' })).status).toBe(200)
  expect(await ask('/named', blueKey, { iss: 'acme.com' })).toEqual({ status: 401, reason: 'key' })
  expect(await ask('/named', redKey, { iss: 'https://acme.com' })).toEqual({ status: 401, reason: 'issuer' })
})
