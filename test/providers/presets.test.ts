import { describe, expect, it } from 'vitest'
import { noNetwork } from '../../src/cli/no-network'
import type { Issuer, Route } from '../../src/config/define'
import { ConfigurationError, type Fault } from '../../src/config/fault'
import { load } from '../../src/config/load'
import { issuerOf, openHttp, routeOf } from '../support/fixtures'
import { providers } from './providers'

const TENANT = '9f0c1a52-7d3e-4b6a-8c21-5e4f3a2b1c0d'

function faultsOf(issuer: Partial<Issuer>): readonly Fault[] {
  const trust = [issuerOf('https://login.example.com', { algorithms: ['RS256'], ...issuer })]
  return faultsOfRoute(routeOf(openHttp('https://agent.example.com'), trust))
}

function faultsOfRoute(route: Route): readonly Fault[] {
  try {
    load([route], { PUBLIC_URL: 'https://gate.example.com' }, noNetwork)
    return []
  } catch (thrown) {
    if (thrown instanceof ConfigurationError) return thrown.faults
    throw thrown
  }
}

it.each(Object.entries(providers))(
  'the issuer of the provider %s loads in the form that customers of the provider write',
  (_name, { issuer }) => {
    expect(faultsOf(issuer)).toEqual([])
  },
)

describe('issuers that a preset refuses (invariant 19)', () => {
  const entra = { preset: 'entra' } as const
  const host = 'https://login.microsoftonline.com'
  it.each<[string, Partial<Issuer>, string]>([
    ['Entra for all tenants', { ...entra, issuer: `${host}/common/v2.0` }, 'id of your tenant'],
    ['Entra for all organizations', { ...entra, issuer: `${host}/organizations/v2.0` }, 'id of your tenant'],
    ['Entra as its discovery document writes it', { ...entra, issuer: `${host}/{tenantid}/v2.0` }, 'id of your tenant'],
    ['Entra by a domain', { ...entra, issuer: `${host}/acme.onmicrosoft.com/v2.0` }, 'id of your tenant'],
    ['Entra without its version', { ...entra, issuer: `${host}/${TENANT}` }, 'id of your tenant'],
    ['Auth0 without the slash', { preset: 'auth0', issuer: 'https://acme.eu.auth0.com' }, 'Add the slash'],
    ['authentik without the slash', { preset: 'authentik', issuer: 'https://id.example.com/application/o/x' }, 'slash'],
    ['OpenIddict without the slash', { preset: 'openiddict', issuer: 'https://id.example.com' }, 'slash'],
    ['Zitadel with a slash', { preset: 'zitadel', issuer: 'https://acme.zitadel.cloud/' }, 'Remove the slash'],
    ['Zitadel’s OAuth address', { preset: 'zitadel', issuer: 'https://acme.zitadel.cloud/oauth/v2' }, '/oauth/v2'],
    ['Okta with a slash', { preset: 'okta', issuer: 'https://acme.okta.com/oauth2/default/' }, 'Remove the slash'],
    [
      'Entra’s host of version 1 with the path of version 2',
      { ...entra, issuer: `https://sts.windows.net/${TENANT}/v2.0` },
      'id of your tenant',
    ],
    ['Okta’s org server', { preset: 'okta', issuer: 'https://acme.okta.com' }, '/oauth2/'],
    ['Keycloak without a realm', { preset: 'keycloak', issuer: 'https://sso.example.com' }, 'realm'],
    [
      'Keycloak with a slash',
      { preset: 'keycloak', issuer: 'https://sso.example.com/realms/acme/' },
      'Remove the slash',
    ],
    [
      'Cognito’s sign-in domain',
      { preset: 'cognito', issuer: 'https://acme.auth.eu-west-1.amazoncognito.com' },
      'pool',
    ],
    ['Supabase without its path', { preset: 'supabase', issuer: 'https://abcd.supabase.co' }, '/auth/v1'],
    ['Firebase without a project', { preset: 'firebase', issuer: 'https://securetoken.google.com' }, 'project'],
    ['Google with a slash', { preset: 'google', issuer: 'https://accounts.google.com/' }, 'Remove the slash'],
    ['WorkOS without its client', { preset: 'workos', issuer: 'https://api.workos.com' }, 'jwksUri'],
    ['Clerk with a slash', { preset: 'clerk', issuer: 'https://clerk.acme.com/' }, 'slash'],
    [
      'Entra with one tenant by its domain',
      { ...entra, issuer: `${host}/{tenant}/v2.0`, tenants: [TENANT, 'contoso.onmicrosoft.com'] },
      'id of your tenant',
    ],
    ['Access with a slash', { preset: 'cloudflare-access', issuer: 'https://acme.cloudflareaccess.com/' }, 'slash'],
  ])('a route does not load with an issuer that its preset refuses: %s', (_what, issuer, remedy) => {
    expect(faultsOf(issuer)).toEqual([
      {
        file: 'policies/login.ts',
        path: 'issuer',
        found: JSON.stringify(String(issuer.issuer).replace('{tenant}', 'contoso.onmicrosoft.com')),
        expected: expect.any(String),
        remedy: expect.stringContaining(remedy),
      },
    ])
  })

  it.each<[NonNullable<Issuer['preset']>, string, string[]?]>([
    ['entra', `${host}/${TENANT}/v2.0`],
    ['okta', 'https://acme.okta.com/oauth2/default'],
    ['cognito', 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab1'],
    ['workos', 'https://api.workos.com/user_management/client_1'],
    ['firebase', 'https://securetoken.google.com/acme', ['acme']],
    ['google', 'https://accounts.google.com'],
    ['cloudflare-access', 'https://acme.cloudflareaccess.com'],
  ])('a route does not load with an algorithm that %s does not sign with', (preset, issuer, audience = ['agents']) => {
    const given = { preset, issuer, audience: preset === 'workos' ? [issuer] : audience }
    expect(faultsOf({ ...given, algorithms: ['ES256'] })).toMatchObject([
      { path: 'algorithms', found: '["ES256"]', expected: `RS256, which ${preset} signs with` },
    ])
    expect(faultsOf({ ...given, algorithms: ['ES256', 'RS256'] })).toEqual([])
  })
})

describe('settings that contradict their preset (invariant 19)', () => {
  const firebase = { preset: 'firebase', issuer: 'https://securetoken.google.com/acme' } as const
  const access = { preset: 'cloudflare-access', issuer: 'https://acme.cloudflareaccess.com' } as const
  const entra = { preset: 'entra', issuer: `https://login.microsoftonline.com/${TENANT}/v2.0` } as const
  const cognito = { preset: 'cognito', issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab1' } as const
  const workos = { preset: 'workos', issuer: 'https://api.workos.com/user_management/client_1' } as const
  it.each<[string, Partial<Issuer>, string]>([
    ['Firebase for another audience', { ...firebase, audience: ['other'] }, 'audience'],
    ['WorkOS for another audience', { ...workos, audience: ['client_1'] }, 'audience'],
    ['Entra version 2 with a URI as the audience', { ...entra, audience: ['api://agents'] }, 'audience'],
    ['Entra with tokens of RFC 9068', { ...entra, tokenType: 'at+jwt' }, 'tokenType'],
    ['Cognito with tokens of RFC 9068', { ...cognito, tokenType: 'at+jwt' }, 'tokenType'],
    [
      'Clerk with an audience that is no origin',
      { preset: 'clerk', issuer: 'https://clerk.acme.com', audience: ['https://app.acme.com/'] },
      'audience',
    ],
    ['Access with another kind of token', { ...access, tokenType: 'at+jwt' }, 'tokenType'],
  ])('a route does not load with a setting that contradicts its preset: %s', (_what, issuer, path) => {
    expect(faultsOf(issuer)).toEqual([expect.objectContaining({ path })])
  })

  it('the preset of Entra accepts a URI as the audience of version 1, and beside an id', () => {
    const one = { preset: 'entra', issuer: `https://sts.windows.net/${TENANT}/` } as const
    expect(faultsOf({ ...one, audience: ['api://agents'] })).toEqual([])
    expect(faultsOf({ ...entra, audience: ['api://agents', TENANT] })).toEqual([])
  })

  it('the preset of WorkOS accepts any issuer if jwksUri is set', () => {
    const jwksUri = 'https://api.workos.com/sso/jwks/client_1'
    for (const issuer of ['https://api.workos.com', 'https://auth.acme.com/'])
      expect(faultsOf({ preset: 'workos', issuer, jwksUri, audience: [issuer] })).toEqual([])
  })
})

describe('issuers with people who could be confused (invariant 19)', () => {
  const first: Issuer = { ...issuerOf('https://x.test/{tenant}'), tenants: ['acme'] }
  const second = (subjectPrefix: string) => issuerOf('https://y.test', { id: 'second', subjectPrefix })
  const faults = (...trust: Issuer[]) => faultsOfRoute(routeOf(openHttp('https://agent.example.com'), trust))

  it('a route does not load if a subject prefix equals the prefix of a tenant of another issuer', () => {
    expect(faults(first, second('acme:'))).toEqual([expect.objectContaining({ path: 'trust' })])
    expect(
      faults(
        { ...first, tenants: ['p:acme'] },
        { ...second('p:'), issuer: 'https://y.test/{tenant}', tenants: ['acme'] },
      ),
    ).toHaveLength(1)
    expect(faults(first, second('other:'))).toEqual([])
  })

  it('a route does not load if two entries of trust have the same issuer', () => {
    const twice = issuerOf('https://x.test/acme', { id: 'second', subjectPrefix: 'p:' })
    expect(faults(first, twice)).toEqual([expect.objectContaining({ path: 'trust', found: 'one `issuer` twice' })])
  })
})

describe('issuers that cannot work (invariant 19)', () => {
  it.each<[string, Partial<Issuer>, Partial<Fault>]>([
    ['tenants without {tenant} in the issuer', { tenants: [TENANT] }, { path: 'issuer' }],
    [
      '{tenant} in the issuer without tenants',
      { issuer: 'https://login.example.com/{tenant}' },
      { path: 'tenants', found: 'none', remedy: 'List the ids of the tenants.' },
    ],
    ['{tenant} only in jwksUri', { jwksUri: 'https://login.example.com/{tenant}' }, { path: 'tenants' }],
    ['an empty list of tenants', { issuer: 'https://login.example.com/{tenant}', tenants: [] }, { path: 'tenants' }],
    [
      'audienceFrom with an empty condition',
      { audienceFrom: { claim: 'azp', where: {} } },
      { path: 'audienceFrom.where' },
    ],
    ['an issuer that is not a URL, without jwksUri', { issuer: 'acme.com' }, { path: 'issuer' }],
    ['keys without TLS', { issuer: 'acme.com', jwksUri: 'http://acme.com/jwks' }, { path: 'jwksUri' }],
    [
      'an issuer without TLS, with jwksUri',
      { issuer: 'http://acme.com', jwksUri: 'https://acme.com/k' },
      { path: 'issuer' },
    ],
    ['keepRoles with a star that is not at the end', { keepRoles: ['*-admin'] }, { path: 'keepRoles[0]' }],
    ['an empty list of paths to a claim', { claims: { roles: { firstOf: [] } } }, { path: 'claims.roles.firstOf' }],
    ['an unknown value of callers', { callers: 'people' as 'services' }, { path: 'callers' }],
  ])('a route does not load with an issuer that cannot work: %s', (_what, issuer, fault) => {
    expect(faultsOf(issuer)).toEqual([expect.objectContaining({ file: 'policies/login.ts', ...fault })])
  })

  it('a route loads with an issuer that is not a URL if jwksUri is set', () => {
    for (const issuer of ['acme.com', 'stytch.com/project-live-1', 'kubernetes/serviceaccount', 'urn:acme'])
      expect(faultsOf({ issuer, jwksUri: 'https://acme.com/jwks' })).toEqual([])
  })
})
