import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Agent, Issuer, Route } from '../../src/config/define'
import { bearer, issuerOf, openHttp, routeOf } from '../support/fixtures'
import { startGateway, type TestGateway } from '../support/gateway'
import { type Issuers, publicKeys, publishes, says, startIssuers } from '../support/issuers'
import { privateKey } from '../support/keys'
import { type Received, type RecordingOrigin, startOrigin } from '../support/origin'
import { json } from '../support/world'
import { APP, type Ask, type Case, ofAgents, ofIssuers, ofRoutes } from './fields'

const all = [...ofIssuers, ...ofAgents, ...ofRoutes]
const key = await privateKey('ES256')
/** A caller of whom everything is known. */
const claims = {
  email: 'alice@example.com',
  name: 'Alice',
  roles: ['admin', 'member'],
  scope: 'use manage',
  tenant: 'acme',
}

const presets = [undefined, 'entra', 'auth0', 'okta', 'keycloak', 'cognito', 'clerk'] as const
const morePresets = ['supabase', 'firebase', 'google', 'cloudflare-access'] as const
const pathOfPreset = (preset: Issuer['preset']) => `/preset-${preset ?? 'none'}`

let issuers: Issuers
let origin: RecordingOrigin
let gateway: TestGateway

function routesOf(one: Case, index: number): Route[] {
  const name = one.issuerName ?? 'login'
  const plain = issuerOf(issuers.issuer(name), { id: name })
  const usual = (one.agent ?? openHttp)(origin.url)
  const field = typeof one.agentField === 'function' ? one.agentField(origin.url) : one.agentField
  const changed = { ...plain, id: `changed-${index}`, ...one.issuer }
  const idOf = (which: string) => ({ id: `${which}-${index}`, path: `/${which}-${index}` })
  const set = routeOf({ ...usual, ...field } as Agent, [one.issuer ? changed : plain], {
    ...idOf('set'),
    ...one.both,
    ...one.route,
  })
  return [set, routeOf(usual, [plain], { ...idOf('unset'), ...one.both })]
}

beforeAll(async () => {
  ;[issuers, origin] = await Promise.all([startIssuers(), startOrigin()])
  const keys = publishes(publicKeys(key))
  issuers.set('login', { jwks: keys })
  // Its keys are found only where the configuration says that they are.
  issuers.set('pinned', { discovery: says(404), jwks: keys })
  gateway = await startGateway({
    routes: [
      ...all.flatMap(routesOf),
      ...[...presets, ...morePresets].map((preset) =>
        routeOf(
          openHttp(origin.url),
          [issuerOf(issuers.issuer('login'), { id: `by-${preset ?? 'none'}`, ...(preset && { preset }) })],
          { id: `preset-${preset ?? 'none'}`, path: pathOfPreset(preset) },
        ),
      ),
    ],
    vars: {
      AGENT_KEY: 's3cret',
      AGENT_URL: `${origin.url}/by-variable`,
      APP_ORIGIN: APP,
      KEYS_URL: `${issuers.issuer('pinned')}/jwks`,
      OTHER_ISSUER: issuers.issuer('other'),
    },
  })
})
afterAll(async () => {
  await gateway?.close()
  await Promise.all([origin?.close(), issuers?.close()])
})

/** @param usually the path below the route where a request names none */
const askAt =
  (route: string, issuerName = 'login', usually = '/x'): Ask =>
  async (request = {}) => {
    const token = issuers.token(issuerName, key, { ...claims, ...request.claims }, request.header)
    const init = request.body ? json(request.body(token)) : (request.init ?? {})
    const isSignedIn = !request.anonymous && !request.body
    const reply = await gateway.fetch(`${route}${request.path ?? usually}`, {
      ...init,
      headers: { ...(init.headers as object), ...(isSignedIn && bearer(token)) },
    })
    await reply.arrayBuffer()
    const received = origin.received.at(-1) ?? ({ headers: {}, body: '' } as Received)
    const { authorization = '', 'x-sallyport-assertion': assertion } = received.headers
    const jws = String(assertion ?? authorization).replace('Bearer ', '')
    const isSigned = jws.split('.').length === 3
    return {
      status: reply.status,
      reply: reply.headers,
      received,
      body: received.body === '' ? {} : JSON.parse(received.body),
      claims: isSigned ? decodeJwt(jws) : {},
      header: isSigned ? { ...decodeProtectedHeader(jws) } : {},
    }
  }

describe.each([
  ['an issuer', ofIssuers],
  ['an agent', ofAgents],
  ['a route', ofRoutes],
] as const)('a field of %s has its effect from the configuration, and none without it', (_whose, cases) => {
  it.each(cases)('$field', async (one) => {
    const index = all.indexOf(one)
    const see = (route: string) => one.see(askAt(`/${route}-${index}`, one.issuerName, one.agent ? '' : '/x'))
    expect(await see('set')).toEqual(one.set)
    expect(await see('unset')).toEqual(one.unset)
  })
})

describe('the claims that a preset reads', () => {
  /** Every place that some preset reads, each with its own name as the value. */
  const everywhere = {
    roles: ['roles'],
    groups: ['groups'],
    permissions: ['permissions'],
    'cognito:groups': ['cognito:groups'],
    realm_access: { roles: ['realm_access.roles'] },
    org_role: 'org_role',
    app_metadata: { roles: ['app_metadata.roles'], tenant: 'app_metadata.tenant' },
    custom: { groups: ['custom.groups'] },
    scope: 'scope',
    scp: 'scp',
    tenant: 'tenant',
    tid: 'tid',
    org_id: 'org_id',
    hd: 'hd',
    firebase: { tenant: 'firebase.tenant' },
    email: 'email',
    preferred_username: 'preferred_username',
    name: 'name',
    user_metadata: { name: 'user_metadata.name' },
    client_id: 'client_id',
    azp: 'azp',
    cid: 'cid',
  }
  const usual = {
    roles: ['roles'],
    scope: 'scope',
    tenant: 'tenant',
    email: 'email',
    name: 'name',
    client_id: 'client_id',
  }
  const cases: [Issuer['preset'], object, 'access tokens' | 'ID tokens'][] = [
    [undefined, {}, 'access tokens'],
    ['entra', { scope: 'scp', tenant: 'tid', email: 'preferred_username', client_id: 'azp' }, 'access tokens'],
    ['auth0', { roles: ['permissions'], tenant: 'org_id', client_id: 'azp' }, 'access tokens'],
    ['okta', { roles: ['groups'], scope: 'scp', client_id: 'cid' }, 'access tokens'],
    ['keycloak', { roles: ['realm_access.roles'], client_id: 'azp' }, 'access tokens'],
    ['cognito', { roles: ['cognito:groups'] }, 'access tokens'],
    ['clerk', { roles: ['org_role'], tenant: 'org_id', client_id: 'azp' }, 'access tokens'],
    [
      'supabase',
      { roles: ['app_metadata.roles'], tenant: 'app_metadata.tenant', name: 'user_metadata.name' },
      'access tokens',
    ],
    ['firebase', { tenant: 'firebase.tenant' }, 'ID tokens'],
    ['google', { tenant: 'hd', client_id: 'azp' }, 'ID tokens'],
    ['cloudflare-access', { roles: ['custom.groups'] }, 'ID tokens'],
  ]

  it.each(cases)('%s: %j, of %s', async (preset, differences, tokens) => {
    const ask = askAt(pathOfPreset(preset))
    const { claims: read } = await ask({ claims: everywhere, header: { typ: 'JWT' } })
    const { roles, scope, tenant, email, name, client_id } = read
    expect({ roles, scope, tenant, email, name, client_id }).toEqual({ ...usual, ...differences })
    // Only an ID token has a nonce, and only an access token has this type.
    const asIdToken = await ask({ claims: { nonce: 'n' }, header: { typ: 'JWT' } })
    const asAccessToken = await ask({ header: { typ: 'at+jwt' } })
    expect([asIdToken.status, asAccessToken.status]).toEqual(tokens === 'ID tokens' ? [200, 401] : [401, 200])
  })
})
