import { HOUR, now, type Provider } from './provider'

const auth0Url = 'https://acme.eu.auth0.com/'
const auth0Person = {
  iss: auth0Url,
  aud: ['agents', 'https://acme.eu.auth0.com/userinfo'],
  sub: 'google-oauth2|103547991597142817347',
  azp: 'spa',
  scope: 'openid profile use:agents',
  org_id: 'org_1',
  permissions: ['use:agents'],
  'https://acme.example/roles': ['Support Agent'],
  exp: now + 24 * HOUR,
  iat: now,
}
const machine = { sub: 'app@clients', azp: 'app', org_id: undefined, permissions: ['use:agents'] }

export const auth0: Provider = {
  source: 'auth0.com/docs/secure/tokens/access-tokens/access-token-profiles, 2026-11-28',
  issuer: {
    preset: 'auth0',
    issuer: auth0Url,
    audience: ['agents'],
    claims: { roles: 'https://acme.example/roles' },
  },
  keysAt: undefined,
  header: { typ: 'JWT' },
  person: auth0Person,
  accepts: {
    'a person': {
      is: {
        sub: auth0Person.sub,
        caller: 'user',
        roles: ['Support Agent'],
        tenant: 'org_1',
        client_id: 'spa',
        scope: 'openid profile use:agents',
      },
    },
    'a person, in the profile of RFC 9068': {
      with: { azp: undefined, client_id: 'spa', jti: 'j' },
      header: { typ: 'at+jwt' },
      is: { caller: 'user', client_id: 'spa' },
    },
    'a machine': { with: { ...machine, gty: 'client-credentials' }, is: { caller: 'service', sub: 'app@clients' } },
    'a machine whose grant is written with an underscore': {
      with: { ...machine, gty: 'client_credentials' },
      is: { caller: 'service' },
    },
    'a machine, in the profile of RFC 9068': {
      with: { ...machine, azp: undefined, client_id: 'app', jti: 'j' },
      header: { typ: 'at+jwt' },
      is: { caller: 'service' },
    },
  },
  refuses: {
    'another API': { with: { aud: 'https://acme.eu.auth0.com/userinfo' }, reason: 'audience' },
    'an ID token': { with: { aud: 'agents', at_hash: 'h', nonce: 'n' }, reason: 'id-token' },
    'another tenant': { with: { iss: 'https://other.eu.auth0.com/' }, reason: 'issuer' },
    'its issuer without the slash': { with: { iss: 'https://acme.eu.auth0.com' }, reason: 'issuer' },
  },
  ownWords: ['name', 'nickname', 'email', 'picture', 'given_name', 'user_metadata'],
}

export const okta: Provider = {
  source: 'developer.okta.com/docs/api/openapi/okta-oauth/guides/overview, 2026-11-28',
  issuer: { preset: 'okta', issuer: 'https://acme.okta.com/oauth2/default', audience: ['api://default'] },
  keysAt: undefined,
  person: {
    ver: 1,
    jti: 'AT.0mP4',
    iss: 'https://acme.okta.com/oauth2/default',
    aud: 'api://default',
    cid: 'spa',
    uid: '00uid4BxXw6I6TV4m0g3',
    scp: ['openid', 'agents.use'],
    auth_time: now - 60,
    sub: 'alice@acme.example',
    groups: ['Agents', 'Everyone'],
  },
  accepts: {
    'a person': {
      is: {
        sub: '00uid4BxXw6I6TV4m0g3',
        caller: 'user',
        roles: ['Agents', 'Everyone'],
        scope: 'openid agents.use',
        client_id: 'spa',
      },
    },
    'a person who took the id of a client as login': {
      with: { sub: 'spa' },
      is: { sub: '00uid4BxXw6I6TV4m0g3', caller: 'user' },
    },
    'a machine': {
      with: { cid: 'app', sub: 'app', uid: undefined, groups: undefined, auth_time: undefined },
      is: { caller: 'service', roles: [] },
    },
  },
  refuses: {
    'the org server': { with: { iss: 'https://acme.okta.com', aud: 'https://acme.okta.com' }, reason: 'issuer' },
    'another organization': { with: { iss: 'https://other.okta.com/oauth2/default' }, reason: 'issuer' },
    'the preview environment': { with: { iss: 'https://acme.oktapreview.com/oauth2/default' }, reason: 'issuer' },
    'another server': { with: { iss: 'https://acme.okta.com/oauth2/aus1' }, reason: 'issuer' },
    'another API': { with: { aud: 'api://other' }, reason: 'audience' },
    'an ID token': { with: { aud: 'api://default', at_hash: 'h' }, reason: 'id-token' },
  },
  ownWords: ['name', 'nickname', 'email', 'preferred_username', 'given_name'],
}

export const workos: Provider = {
  source: 'workos.com/docs/reference/authkit/session-tokens, 2026-11-28',
  issuer: {
    preset: 'workos',
    issuer: 'https://api.workos.com/user_management/client_01H',
    audience: ['https://api.workos.com/user_management/client_01H'],
  },
  keysAt: 'https://api.workos.com/sso/jwks/client_01H',
  person: {
    iss: 'https://api.workos.com/user_management/client_01H',
    sub: 'user_01HBEQ',
    sid: 'session_01HQ',
    jti: '01HQSX',
    org_id: 'org_01HR',
    role: 'member',
    permissions: ['posts:read'],
  },
  accepts: {
    'a person': { is: { sub: 'user_01HBEQ', caller: 'user', roles: ['member'], tenant: 'org_01HR' } },
    'a person of several roles': { with: { roles: ['member', 'lead'] }, is: { roles: ['member', 'lead'] } },
    'a person whom somebody impersonates': { with: { act: { sub: 'admin@acme.example' } }, is: { sub: 'user_01HBEQ' } },
  },
  refuses: {
    'another client': { with: { iss: 'https://api.workos.com/user_management/client_02X' }, reason: 'issuer' },
    'no session': { with: { sid: undefined }, reason: 'claim-missing sid' },
    'a machine, which another issuer vouches for': {
      with: { iss: 'https://acme.authkit.app', sub: 'client_02X', sid: undefined, role: undefined },
      reason: 'issuer',
    },
    'an audience that a template added': { with: { aud: 'other' }, reason: 'audience' },
  },
  ownWords: ['name', 'email', 'given_name', 'family_name'],
}
