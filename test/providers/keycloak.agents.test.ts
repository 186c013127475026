import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askProvider } from '../../src/cli/check/online-provider'
import { nodePorts } from '../../src/cli/node-ports'
import { compileIssuer } from '../../src/config/compile-issuer'
import type { Issuer } from '../../src/config/define'
import { bearer, issuerOf, openHttp, routeOf } from '../support/fixtures'
import { startGateway, type TestGateway } from '../support/gateway'
import { KEYCLOAK, type Keycloak, startKeycloak } from '../support/keycloak'
import { type RecordingOrigin, startOrigin } from '../support/origin'

/*
 * Keycloak itself, with a realm as its administrators set one up: a page's client, an API's with
 * dots in its id, and a machine.
 */

const API = 'com.example.agents'
const SECRET = 'of-this-test-alone'
const audience = {
  name: 'agents',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-audience-mapper',
  config: { 'included.client.audience': API, 'access.token.claim': 'true', 'id.token.claim': 'false' },
}
const person = (username: string, roles: string[]) => ({
  username,
  enabled: true,
  email: `${username}@acme.example`,
  emailVerified: username === 'alice',
  firstName: username,
  lastName: 'Example',
  credentials: [{ type: 'password', value: SECRET, temporary: false }],
  clientRoles: { [API]: roles },
})
const realm = {
  realm: 'acme',
  enabled: true,
  roles: { client: { [API]: [{ name: 'member' }, { name: 'Read Only' }] } },
  clients: [
    { clientId: API, bearerOnly: true },
    { clientId: 'web', publicClient: true, directAccessGrantsEnabled: true, protocolMappers: [audience] },
    { clientId: 'other', publicClient: true, directAccessGrantsEnabled: true },
    { clientId: 'Robot', secret: SECRET, serviceAccountsEnabled: true, protocolMappers: [audience] },
  ],
  users: [person('alice', ['member', 'Read Only']), person('service-account-web', ['member']), person('bob', [])],
}

let keycloak: Keycloak
let origin: RecordingOrigin
let gateway: TestGateway
let issuer: Issuer

beforeAll(async () => {
  ;[keycloak, origin] = await Promise.all([startKeycloak(realm), startOrigin()])
  issuer = issuerOf(keycloak.issuer, {
    preset: 'keycloak',
    audience: [API],
    algorithms: ['RS256'],
    claims: { roles: `resource_access.${API}.roles` },
  })
  gateway = await startGateway({ routes: [routeOf(openHttp(origin.url), [issuer])] })
}, 400_000)
afterAll(async () => {
  await gateway?.close()
  await Promise.all([keycloak?.close(), origin?.close()])
})

const signIn = (username: string, client_id = 'web') =>
  keycloak.tokens({ grant_type: 'password', username, password: SECRET, client_id, scope: 'openid' })
async function show(token = '') {
  const reply = await gateway.fetch('/agents/http/x', { headers: bearer(token) })
  await reply.arrayBuffer()
  const { reason } = await gateway.auditOf(reply)
  return { status: reply.status, ...(reason !== undefined && { reason }) }
}
const told = () => decodeJwt(String(origin.last().headers['x-sallyport-assertion']))

describe(`Keycloak ${KEYCLOAK}`, () => {
  it('the online check finds no fault in the issuer and keys that Keycloak publishes', async () => {
    const [compiled] = compileIssuer(issuer, {})
    if (!compiled) throw new Error('no issuer')
    expect((await askProvider([compiled], nodePorts)).faults).toEqual([])
  })

  it('a person of Keycloak is accepted with the roles of a client that has dots in its id', async () => {
    const { access_token } = await signIn('alice')
    expect(await show(access_token)).toEqual({ status: 200 })
    expect(told()).toMatchObject({
      caller: 'user',
      client_id: 'web',
      email: 'alice@acme.example',
      name: 'alice Example',
    })
    expect((told().roles as string[]).toSorted()).toEqual(['Read Only', 'member'])
  })

  it('a person of Keycloak named like a service account counts as a person, and an unverified e-mail address is left out', async () => {
    const { access_token } = await signIn('service-account-web')
    expect(await show(access_token)).toEqual({ status: 200 })
    expect(told()).toMatchObject({ caller: 'user' })
    expect(told()).not.toHaveProperty('email')
  })

  it('a service account of Keycloak is accepted as a service', async () => {
    const form = { grant_type: 'client_credentials', client_id: 'Robot', client_secret: SECRET }
    const { access_token } = await keycloak.tokens(form)
    expect(await show(access_token)).toEqual({ status: 200 })
    expect(told()).toMatchObject({ caller: 'service', client_id: 'Robot' })
  })

  it('a person of Keycloak with a role of the API is accepted, even through a client without the audience', async () => {
    const { access_token } = await signIn('alice', 'other')
    expect(await show(access_token)).toEqual({ status: 200 })
    expect(told()).toMatchObject({ client_id: 'other' })
  })

  it('Keycloak’s ID tokens, refresh tokens and tokens without an audience are refused, with reasons', async () => {
    const { id_token, refresh_token } = await signIn('alice')
    const { access_token: ofOther } = await signIn('bob', 'other')
    // An ID token has its client as audience, and a refresh token is signed with a secret that only
    // Keycloak has.
    expect(await show(id_token)).toEqual({ status: 401, reason: 'audience' })
    expect(await show(refresh_token)).toEqual({ status: 401, reason: 'algorithm' })
    expect(await show(ofOther)).toEqual({ status: 401, reason: 'claim-missing aud' })
  })
})
