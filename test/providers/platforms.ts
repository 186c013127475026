import { HOUR, now, type Provider } from './provider'

const pool = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123'
const clerkUrl = 'https://clerk.acme.example'
const firebaseUrl = 'https://securetoken.google.com/acme-agents'
const team = 'https://acme.cloudflareaccess.com'

export const cognito: Provider = {
  source:
    'docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html, 2026-11-28',
  issuer: { preset: 'cognito', issuer: pool, audience: ['7abc'] },
  keysAt: `${pool}/.well-known/jwks.json`,
  person: {
    iss: pool,
    sub: 'aaaa-bbbb',
    client_id: '7abc',
    token_use: 'access',
    scope: 'aws.cognito.signin.user.admin',
    auth_time: now - 60,
    jti: 'j',
    username: 'alice',
    'cognito:groups': ['agents'],
  },
  accepts: {
    'a person': { is: { sub: 'aaaa-bbbb', caller: 'user', roles: ['agents'], client_id: '7abc', name: 'alice' } },
    'a machine': {
      with: { sub: '7abc', username: undefined, 'cognito:groups': undefined },
      is: { caller: 'service', roles: [] },
    },
    'a token that was given an audience': { with: { aud: '7abc' }, is: { caller: 'user' } },
  },
  refuses: {
    'another client': { with: { client_id: 'other' }, reason: 'audience' },
    'an ID token': { with: { token_use: 'id', aud: '7abc', client_id: undefined }, reason: 'id-token' },
    'another pool': { with: { iss: pool.replace('AbC', 'XyZ') }, reason: 'issuer' },
    'an audience of another API': { with: { aud: 'https://other.example' }, reason: 'audience' },
    'an unknown use': { with: { token_use: 'other' }, reason: 'claim-invalid token_use' },
  },
  ownWords: ['username', 'custom:role', 'custom:tenant', 'email', 'name'],
}

export const clerk: Provider = {
  source: 'clerk.com/docs/backend-requests/resources/session-tokens, 2026-11-28',
  issuer: { preset: 'clerk', issuer: clerkUrl, audience: ['https://app.acme.example'] },
  keysAt: `${clerkUrl}/.well-known/jwks.json`,
  header: { typ: 'JWT', cat: 'cl_B7d4PD111AAA' },
  person: {
    iss: clerkUrl,
    sub: 'user_2a',
    sid: 'sess_1',
    azp: 'https://app.acme.example',
    v: 2,
    fva: [3, -1],
    o: { id: 'org_1', rol: 'admin', slg: 'acme' },
    iat: now,
    exp: now + 60,
  },
  accepts: {
    'a person, version 2': {
      is: { sub: 'user_2a', caller: 'user', roles: ['admin'], tenant: 'org_1', client_id: 'https://app.acme.example' },
    },
    'a person, version 1': {
      with: { v: undefined, o: undefined, org_id: 'org_1', org_role: 'org:admin', org_slug: 'acme' },
      is: { roles: ['org:admin'], tenant: 'org_1' },
    },
    'a person without an organization': { with: { o: undefined }, is: { roles: [], tenant: undefined } },
  },
  refuses: {
    'another origin': { with: { azp: 'https://evil.example' }, reason: 'audience' },
    'no session': { with: { sid: undefined }, reason: 'claim-missing sid' },
    'no page': { with: { azp: undefined }, reason: 'claim-missing azp' },
    'another instance': { with: { iss: 'https://clerk.other.example' }, reason: 'issuer' },
    'the development instance': { with: { iss: 'https://happy-cat-1.clerk.accounts.dev' }, reason: 'issuer' },
    'a machine, whose token says for no page': {
      with: { sub: 'mch_1', azp: undefined, sid: undefined, o: undefined },
      reason: 'claim-missing sid',
    },
  },
  ownWords: ['unsafe_metadata', 'name', 'email', 'username', 'picture'],
}

export const supabase: Provider = {
  source: 'supabase.com/docs/guides/auth/jwt-fields, 2026-11-28',
  issuer: { preset: 'supabase', issuer: 'https://abcd.supabase.co/auth/v1', audience: ['authenticated'] },
  keysAt: 'https://abcd.supabase.co/auth/v1/.well-known/jwks.json',
  person: {
    iss: 'https://abcd.supabase.co/auth/v1',
    aud: 'authenticated',
    sub: '11111111-2222-4333-8444-555566667777',
    role: 'authenticated',
    aal: 'aal1',
    session_id: 's',
    email: 'alice@acme.example',
    is_anonymous: false,
    app_metadata: { provider: 'email', roles: ['agent'], tenant: 't' },
    user_metadata: { name: 'Alice', roles: ['admin'], tenant: 'other' },
  },
  accepts: {
    'a person': {
      is: {
        sub: '11111111-2222-4333-8444-555566667777',
        caller: 'user',
        roles: ['agent'],
        tenant: 't',
        email: 'alice@acme.example',
        name: undefined,
      },
    },
  },
  refuses: {
    'another project': { with: { iss: 'https://other.supabase.co/auth/v1' }, reason: 'issuer' },
    "the project's own key, which names no person": {
      with: { iss: 'supabase', aud: undefined, sub: undefined, role: 'service_role', ref: 'abcd' },
      reason: 'issuer',
    },
    'another audience': { with: { aud: 'other' }, reason: 'audience' },
  },
  ownWords: ['user_metadata', 'email', 'phone'],
}

export const firebase: Provider = {
  source: 'firebase.google.com/docs/auth/admin/verify-id-tokens, 2026-11-28',
  issuer: { preset: 'firebase', issuer: firebaseUrl, audience: ['acme-agents'] },
  keysAt: 'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com',
  header: { typ: 'JWT' },
  person: {
    iss: firebaseUrl,
    aud: 'acme-agents',
    sub: 'uid1',
    user_id: 'uid1',
    auth_time: now - 60,
    name: 'Alice',
    email: 'alice@acme.example',
    email_verified: false,
    roles: ['agent'],
    firebase: { identities: { email: ['alice@acme.example'] }, sign_in_provider: 'password', tenant: 'acme-x1' },
  },
  accepts: {
    'a person, by custom claims': {
      is: { sub: 'uid1', caller: 'user', roles: ['agent'], tenant: 'acme-x1', email: undefined },
    },
  },
  refuses: {
    'another project': { with: { iss: 'https://securetoken.google.com/other', aud: 'other' }, reason: 'issuer' },
    'the audience of another project': { with: { aud: 'other' }, reason: 'audience' },
  },
  ownWords: ['name', 'picture', 'email', 'phone_number'],
}

export const google: Provider = {
  source: 'developers.google.com/identity/openid-connect/openid-connect, 2026-11-28',
  issuer: {
    preset: 'google',
    issuer: 'https://accounts.google.com',
    audience: ['1234.apps.googleusercontent.com'],
  },
  keysAt: 'https://www.googleapis.com/oauth2/v3/certs',
  header: { typ: 'JWT' },
  person: {
    iss: 'https://accounts.google.com',
    aud: '1234.apps.googleusercontent.com',
    azp: '1234.apps.googleusercontent.com',
    sub: '10769150350006150715113082367',
    hd: 'acme.example',
    email: 'alice@acme.example',
    email_verified: true,
    at_hash: 'h',
    nonce: 'n',
    name: 'Alice',
  },
  accepts: {
    'a person of a domain': { is: { caller: 'user', tenant: 'acme.example', email: 'alice@acme.example', roles: [] } },
    'a service account': {
      with: { azp: '1157', sub: '1157', hd: undefined, email: 'bot@acme.iam.gserviceaccount.com' },
      is: { caller: 'service', tenant: undefined },
    },
    'a service account whose token has no address': {
      with: { azp: '1157', sub: '1157', hd: undefined, email: undefined, email_verified: undefined, name: undefined },
      is: { caller: 'service', tenant: undefined, email: undefined },
    },
  },
  refuses: {
    'another client': { with: { aud: '5678.apps.googleusercontent.com' }, reason: 'audience' },
    'its issuer without https': { with: { iss: 'accounts.google.com' }, reason: 'issuer' },
  },
  ownWords: ['name', 'given_name', 'family_name', 'picture', 'locale'],
}

export const cloudflareAccess: Provider = {
  source:
    'developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie, 2026-11-28',
  issuer: { preset: 'cloudflare-access', issuer: team, audience: ['4714c1358e'] },
  keysAt: `${team}/cdn-cgi/access/certs`,
  header: { typ: 'JWT' },
  person: {
    iss: team,
    aud: ['4714c1358e'],
    sub: '7335d417',
    email: 'alice@acme.example',
    type: 'app',
    identity_nonce: '6ei69',
    country: 'DE',
    custom: { groups: ['agents'] },
    iat: now,
    nbf: now,
    exp: now + 30 * 24 * HOUR,
  },
  accepts: {
    'a person whose session lasts for a month': {
      is: { sub: '7335d417', caller: 'user', roles: ['agents'], email: 'alice@acme.example' },
    },
    'a service token': {
      with: { sub: '', email: undefined, common_name: 'e367826f.access', custom: undefined, exp: now + 24 * HOUR },
      is: { sub: 'e367826f.access', caller: 'service', roles: [] },
    },
  },
  refuses: {
    'another application': { with: { aud: ['other'] }, reason: 'audience' },
    'another team': { with: { iss: 'https://other.cloudflareaccess.com' }, reason: 'issuer' },
    'nobody at all': { with: { sub: '' }, reason: 'subject' },
  },
  ownWords: ['name', 'country', 'identity_nonce'],
}
