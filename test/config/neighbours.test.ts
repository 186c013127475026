import { describe, expect, it } from 'vitest'
import { noNetwork } from '../../src/cli/no-network'
import type { Agent, Condition, Issuer, Policy, Route } from '../../src/config/define'
import { ConfigurationError } from '../../src/config/fault'
import { load } from '../../src/config/load'
import { openHttp, policyWithExamples, routeOf, signedIn } from '../support/fixtures'

const issuer: Issuer = { id: 'login', issuer: 'https://login.example.com', audience: ['agents'], algorithms: ['RS256'] }
const environment = {
  PUBLIC_URL: 'https://gate.example.com',
  DESK_URL: 'https://desk.example.com',
  AGENT: { fetch },
}

/** Where the faults are, as `file path`. */
function faultsOf(routes: readonly Route[], more: object = {}): string[] {
  try {
    load(routes, { ...environment, ...more }, noNetwork)
    return []
  } catch (thrown) {
    if (thrown instanceof ConfigurationError) return thrown.faults.map(({ file, path }) => `${file} ${path}`)
    throw thrown
  }
}

const desk = 'https://desk.example.com'
const shop = 'https://shop.example.com'
const route = (id: string, origin: Agent['origin'], audience?: string): Route =>
  routeOf({ ...openHttp(desk), origin } as Agent, [issuer], {
    id,
    path: `/${id}`,
    ...(audience !== undefined && { assertion: { audience } }),
  })

describe('audiences of assertions', () => {
  it.each([
    ['two audiences that are the same', route('b', { url: shop }, 'shared'), 'routes/b.ts assertion.audience'],
    ['an audience that is the id of another route', route('b', { url: shop }, 'a'), 'routes/b.ts assertion.audience'],
    ['an audience of a service', route('b', { service: 'AGENT' }, 'shared'), 'routes/b.ts assertion.audience'],
    ['another path on the same host', route('b', { url: `${desk}/b` }, 'shared'), 'routes/b.ts assertion.audience'],
  ])('two routes with different origins do not load if they share an audience: %s', (_what, second, fault) => {
    const first = route('a', { url: desk }, second.assertion?.audience === 'a' ? undefined : 'shared')
    expect(faultsOf([first, second])).toEqual([fault])
    expect(faultsOf([first, route('c', { url: desk }), second])).toEqual([fault])
  })

  it('two routes load if audience and origin are both the same, or both different', () => {
    expect(faultsOf([route('a', { url: desk }, 'shared'), route('b', { env: 'DESK_URL' }, 'shared')])).toEqual([])
    expect(faultsOf([route('a', { url: desk }, 'shared'), route('b', { url: `${desk}/` }, 'shared')])).toEqual([])
    expect(faultsOf([route('a', { url: desk }, 'one'), route('b', { url: shop }, 'two')])).toEqual([])
  })
})

describe('roles that rules name (invariant 19)', () => {
  const rule = (when: Condition) => ({ name: 'some', operations: ['*'], when })
  const faults = (keepRoles: string[] | undefined, more: Partial<Policy>) => {
    const policy: Policy = policyWithExamples({ ...signedIn, id: 'talk', ...more })
    const trust = [{ ...issuer, ...(keepRoles && { keepRoles }) }]
    return faultsOf([{ ...route('a', { url: desk }), trust, policies: [policy] }])
  }
  const nested = { all: [{ caller: 'user' }, { not: { role: ['member', 'contractor'] } }] } as const

  it.each<[string, Partial<Policy>, string]>([
    ['a rule of deny', { deny: [rule({ role: 'contractor' })] }, 'deny[0].when.role'],
    ['a rule of allow', { allow: [rule({ role: 'contractor' })] }, 'allow[0].when.role'],
    ['a nested condition', { allow: [rule(nested)] }, 'allow[0].when.role'],
  ])('a route does not load if keepRoles drops a role that %s names', (_what, more, path) => {
    expect(faults(['member', 'app-*'], more)).toEqual([`policies/talk.ts ${path}`])
    expect(faults(['member', 'contract*'], more)).toEqual([])
    expect(faults(undefined, more)).toEqual([])
  })
})

describe('web origins in cors.origins', () => {
  const withCors = (origin: string, ENVIRONMENT: string | undefined) =>
    faultsOf([{ ...route('a', { url: desk }), cors: { origins: ['https://app.example.com', origin] } }], {
      ENVIRONMENT,
    })

  it.each([
    ['https://other.example.com', true, true],
    ['http://localhost:3000', true, true],
    ['http://127.0.0.1:3000', true, true],
    ['http://[::1]:3000', true, true],
    ['http://app.test', false, true],
    ['http://localhost.example.com', false, true],
    ['ftp://localhost', false, false],
    ['https://app.example.com/', false, false],
    ['https://App.example.com', false, false],
    ['null', false, false],
    ['*', false, false],
  ])(
    'the web origin %s is accepted in cors.origins in production: %s; in development: %s',
    (origin, inProduction, inDevelopment) => {
      const fault = ['routes/a.ts cors.origins[1]']
      for (const environment of [undefined, 'production'])
        expect(withCors(origin, environment)).toEqual(inProduction ? [] : fault)
      expect(withCors(origin, 'development')).toEqual(inDevelopment ? [] : fault)
    },
  )
})
