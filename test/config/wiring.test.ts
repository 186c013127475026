import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routeJsonSchema } from '../../src/cli/json-schema'
import type { Agent, Route } from '../../src/config/define'
import { bearer, issuerOf, openHttp, routeOf } from '../support/fixtures'
import { startGateway, type TestGateway } from '../support/gateway'
import { type Issuers, publicKeys, publishes, says, startIssuers } from '../support/issuers'
import { privateKey } from '../support/keys'
import { type Received, type RecordingOrigin, startOrigin } from '../support/origin'
import { json } from '../support/world'
import { APP, type Ask, type Case, ofAgents, ofIssuers, ofRoutes } from './wiring-fields'

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
    routes: [...all.flatMap(routesOf)],
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
] as const)('optional fields of %s', (_whose, cases) => {
  it.each(cases)(
    'the optional field $field changes a route that sets it, and does not change a route without it',
    async (one) => {
      const index = all.indexOf(one)
      const see = (route: string) => one.see(askAt(`/${route}-${index}`, one.issuerName, one.agent ? '' : '/x'))
      expect(await see('set')).toEqual(one.set)
      expect(await see('unset')).toEqual(one.unset)
    },
  )
})

/** Fields whose effect takes time or an agent of its own, each with the tests that see it. */
const elsewhere: Readonly<Record<string, string>> = {
  'trust.tenants': 'providers/tenants',
  'trust.peopleOf': 'gateway/api-keys',
  'cors.credentials': 'gateway/cors',
  'cors.ignoreHeaders': 'gateway/cors',
  tokenHeader: 'gateway/token-header',
  'agent.publicCard': 'agents/a2a/adapter',
  'agent.origin.path': 'gateway/forwards',
  'agent.endpoints.websocket': 'gateway/upgrades',
  'limits.firstByteSeconds': 'gateway/refuses',
  'limits.heartbeatSeconds': 'origin/stream-silence',
  'limits.idleSeconds': 'origin/stream-silence',
  'limits.runSeconds': 'origin/stream-authority',
  'limits.streamSeconds': 'origin/stream-authority',
  'limits.expiryGraceSeconds': 'origin/stream-authority',
  'limits.endRunsAtExpiry': 'origin/stream-authority',
  'audit.begin': 'gateway/audits',
  exposeHeaders: 'gateway/lists',
  resumesAs: 'config/load',
  servesPages: 'gateway/pages',
  unowned: 'agents/langgraph/ownership',
  withoutRevocations: 'gateway/revocation',
}

it('every optional field of the configuration has a case in wiring.test.ts or names the test that covers the field', () => {
  const nameOf = (field: string) => field.split(/[:,]/, 1)[0]
  const covered = [
    ...ofIssuers.map(({ field }) => `trust.${nameOf(field)}`),
    ...ofAgents.map(({ field }) => `agent.${nameOf(field)}`),
    ...ofRoutes.map(({ field }) => nameOf(field)),
    'trust.preset',
    ...Object.keys(elsewhere),
  ]
  const optional = [...new Set(optionalFields(routeJsonSchema() as Schema))]
  expect(optional).toContain('trust.claims.roles')
  // A group such as `limits` is covered by its fields, and a part of a field by that field.
  const isCovered = (field: string) =>
    covered.some((name) => name === field || `${name}.`.startsWith(`${field}.`) || `${field}.`.startsWith(`${name}.`))
  expect(optional.filter((field) => !isCovered(field))).toEqual([])
})

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
}

/** Lists optional members at any depth. Policies are left out: their tests are in test/policy. */
function optionalFields({ properties = {}, required = [], items, anyOf = [], oneOf = [] }: Schema, at = ''): string[] {
  const parts = [...(items ? [items] : []), ...anyOf, ...oneOf].flatMap((part) => optionalFields(part, at))
  const members = Object.entries(properties).flatMap(([name, schema]) => {
    const path = at === '' ? name : `${at}.${name}`
    if (path === 'policies') return [path]
    return [...(required.includes(name) ? [] : [path]), ...optionalFields(schema, path)]
  })
  return [...parts, ...members]
}
