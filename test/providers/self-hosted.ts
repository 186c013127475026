import { now, type Provider } from './provider'

const realm = 'https://sso.example.com/realms/acme'
const account = { azp: 'app', preferred_username: 'service-account-app', client_id: 'app', sub: 'e5f6' }

export const keycloak: Provider = {
  source: 'keycloak.org/docs/latest/server_admin (versions 22 to 26), 2026-11-28',
  issuer: {
    preset: 'keycloak',
    issuer: realm,
    audience: ['agents'],
    claims: { roles: 'resource_access.com.example.agents.roles' },
  },
  keysAt: undefined,
  header: { typ: 'JWT' },
  person: {
    iss: realm,
    aud: ['agents', 'account'],
    sub: 'f3b1',
    typ: 'Bearer',
    azp: 'web',
    sid: 's1',
    acr: '1',
    scope: 'openid email profile',
    realm_access: { roles: ['default-roles-acme'] },
    resource_access: { 'com.example.agents': { roles: ['member'] }, account: { roles: ['manage-account'] } },
    email_verified: true,
    name: 'Alice',
    preferred_username: 'alice',
    email: 'alice@acme.example',
  },
  accepts: {
    'a person, by roles of a client whose id has dots': {
      is: { sub: 'f3b1', caller: 'user', roles: ['member'], client_id: 'web', email: 'alice@acme.example' },
    },
    'a person of a version before 24, whose token has a nonce': { with: { nonce: 'n' }, is: { caller: 'user' } },
    'a service account': { with: account, is: { caller: 'service' } },
    'a service account of a version before 23': {
      with: { ...account, client_id: undefined, clientId: 'app' },
      is: { caller: 'service' },
    },
    'a service account whose token was exchanged': { with: { ...account, azp: 'other' }, is: { caller: 'service' } },
    'a person who took the name of a service account': {
      with: { preferred_username: 'service-account-web' },
      is: { caller: 'user' },
    },
    'a person whose address is not verified': { with: { email_verified: false }, is: { email: undefined } },
  },
  refuses: {
    'the audience that a new client has': { with: { aud: 'account' }, reason: 'audience' },
    'no audience': { with: { aud: undefined }, reason: 'claim-missing aud' },
    'another realm': { with: { iss: 'https://sso.example.com/realms/other' }, reason: 'issuer' },
    'an ID token': { with: { typ: 'ID', aud: 'agents', at_hash: 'h' }, reason: 'id-token' },
    'a refresh token': { with: { typ: 'Refresh', aud: 'agents' }, reason: 'refresh-token' },
    'an offline token': { with: { typ: 'Offline', aud: 'agents' }, reason: 'refresh-token' },
    'a logout token': { header: { typ: 'logout+jwt' }, with: { typ: 'Logout' }, reason: 'type' },
    'no subject, without the scope basic': { with: { sub: undefined }, reason: 'claim-missing sub' },
  },
  ownWords: ['name', 'preferred_username', 'email', 'given_name', 'family_name', 'locale'],
}

const zitadelIdToken = { jti: undefined, azp: '171@agents', auth_time: now - 60, amr: ['pwd'] }

export const zitadel: Provider = {
  source:
    'zitadel.com/docs/apis/openidoauth/claims, 2026-11-28; internal/api/oidc in github.com/zitadel/zitadel at ' +
    '68983a5 and 0204c49, pkg/oidc/token.go of github.com/zitadel/oidc 3.37.0, 2026-11-29',
  issuer: { preset: 'zitadel', issuer: 'https://acme.zitadel.cloud', audience: ['agents'] },
  keysAt: undefined,
  person: {
    iss: 'https://acme.zitadel.cloud',
    aud: ['agents', '171'],
    sub: '16314',
    client_id: '171@agents',
    jti: 'at1',
    'urn:zitadel:iam:org:project:roles': { member: { 161: 'acme.zitadel.cloud' } },
    'urn:zitadel:iam:user:resourceowner:id': '161',
  },
  accepts: {
    'a person': { is: { sub: '16314', caller: 'user', roles: ['member'], tenant: '161' } },
    'a person who has a role in another organization': {
      with: {
        'urn:zitadel:iam:org:project:roles': {
          admin: { 999: 'mallory.zitadel.cloud' },
          member: { 161: 'x' },
          none: {},
        },
      },
      is: { roles: ['member'], tenant: '161' },
    },
    'a person whose organization was not asked for': {
      with: { 'urn:zitadel:iam:user:resourceowner:id': undefined },
      is: { roles: [], tenant: undefined },
    },
    'a machine that signs in with its own key': { with: { sub: '2001', client_id: '2001' }, is: { caller: 'service' } },
    // Nothing in this token tells it from a person's; the documentation says what to do.
    'a machine that signs in with a secret': {
      with: { sub: '2001', client_id: 'bot@acme.zitadel.cloud' },
      is: { caller: 'user' },
    },
  },
  refuses: {
    'another project': { with: { aud: ['172'] }, reason: 'audience' },
    'another instance': { with: { iss: 'https://other.zitadel.cloud' }, reason: 'issuer' },
    'an ID token': { with: { ...zitadelIdToken, at_hash: 'h', sid: 's1' }, reason: 'id-token' },
    'an ID token that was asked for alone': { with: zitadelIdToken, reason: 'id-token' },
  },
  ownWords: ['name', 'preferred_username', 'email', 'nickname', 'urn:zitadel:iam:user:metadata'],
}

export const authentik: Provider = {
  source:
    'docs.goauthentik.io/add-secure-apps/providers/oauth2, 2026-11-28; authentik/providers/oauth2/id_token.py ' +
    'and views/token.py in github.com/goauthentik/authentik at 014e22c and 005f3a9, 2026-11-29',
  issuer: { preset: 'authentik', issuer: 'https://id.example.com/application/o/agents/', audience: ['agents'] },
  keysAt: undefined,
  person: {
    iss: 'https://id.example.com/application/o/agents/',
    aud: 'agents',
    azp: 'agents',
    uid: 'X2vB',
    sub: '6f1c',
    sid: '9f86',
    nonce: 'n',
    acr: 'goauthentik.io/providers/oauth2/default',
    amr: ['pwd'],
    auth_time: now - 60,
    email: 'alice@acme.example',
    email_verified: true,
    name: 'Alice',
    groups: ['Agents'],
  },
  accepts: {
    'a person, whose token has a nonce': {
      is: { sub: '6f1c', caller: 'user', roles: ['Agents'], client_id: 'agents', email: 'alice@acme.example' },
    },
  },
  refuses: {
    'another application': { with: { iss: 'https://id.example.com/application/o/other/' }, reason: 'issuer' },
    'another client': { with: { aud: 'other', azp: 'other' }, reason: 'audience' },
    'the ID token of a sign-in': { with: { azp: undefined, uid: undefined }, reason: 'id-token' },
    'the ID token of a refresh': { with: { azp: undefined, uid: undefined, nonce: undefined }, reason: 'id-token' },
    'an ID token with the hash of an access token': { with: { at_hash: 'h' }, reason: 'id-token' },
  },
  ownWords: ['name', 'preferred_username', 'nickname', 'given_name'],
}

export const openiddict: Provider = {
  source:
    'documentation.openiddict.com/configuration/token-formats, 2026-11-28; OpenIddictServerHandlers.Protection.cs ' +
    'in github.com/openiddict/openiddict-core at 00fa3f3, 2026-11-29',
  issuer: { preset: 'openiddict', issuer: 'https://id.example.com/', audience: ['agents'] },
  keysAt: undefined,
  header: { typ: 'at+jwt' },
  person: {
    iss: 'https://id.example.com/',
    aud: 'agents',
    sub: '42',
    client_id: 'web',
    scope: 'openid agents',
    jti: 'j',
    oi_prst: 'web',
    role: 'no admin',
  },
  accepts: {
    'a person of one role, written as a text': {
      is: { sub: '42', caller: 'user', roles: ['no admin'], scope: 'openid agents' },
    },
    'a person of two roles': { with: { role: ['member', 'lead'] }, is: { roles: ['member', 'lead'] } },
    'a machine whose subject is its client': { with: { sub: 'web', role: undefined }, is: { caller: 'service' } },
    'a person who took the name of a service account': {
      with: { sub: 'service-account-mallory', preferred_username: 'service-account-mallory' },
      is: { caller: 'user' },
    },
  },
  refuses: {
    'its issuer without the slash': { with: { iss: 'https://id.example.com' }, reason: 'issuer' },
    'another server': { with: { iss: 'https://staging.example.com/' }, reason: 'issuer' },
    'another resource': { with: { aud: 'other' }, reason: 'audience' },
    'an ID token': {
      header: { typ: 'JWT' },
      with: { jti: undefined, scope: undefined, azp: 'web', at_hash: 'h' },
      reason: 'id-token',
    },
    'an ID token without the hash of an access token': {
      header: { typ: 'JWT' },
      with: { jti: undefined, scope: undefined, azp: 'web' },
      reason: 'id-token',
    },
  },
  ownWords: ['name', 'preferred_username', 'email', 'idtyp', 'gty'],
}
