import { HOUR, now, type Provider } from './provider'

const TENANT = '9f0c1a52-7d3e-4b6a-8c21-5e4f3a2b1c0d'
/** The application's id. */
export const API = '2b6f8a10-1111-4222-8333-444455556666'
const APP = '7c9e6679-7425-40de-944b-e07fc1f90ae7'
const v2 = `https://login.microsoftonline.com/${TENANT}/v2.0`
const v1 = `https://sts.windows.net/${TENANT}/`

const person = {
  iss: v2,
  aud: API,
  ver: '2.0',
  tid: TENANT,
  sub: 'pairwise-alice',
  oid: '00000000-0000-0000-66f3-3332eca7ea81',
  azp: APP,
  azpacr: '0',
  scp: 'Agents.Use',
  roles: ['Agent Operator'],
  name: 'Alice',
  preferred_username: 'alice@acme.example',
}
const alice = {
  sub: 'pairwise-alice',
  caller: 'user',
  roles: ['Agent Operator'],
  scope: 'Agents.Use',
  tenant: TENANT,
  client_id: APP,
  email: 'alice@acme.example',
}
const app = {
  oid: 'app-object',
  sub: 'app-object',
  scp: undefined,
  roles: ['Agents.All'],
  preferred_username: undefined,
}
const source = 'learn.microsoft.com/entra/identity-platform/access-token-claims-reference, 2026-11-28'

export const entra: Provider = {
  source,
  issuer: { preset: 'entra', issuer: v2, audience: [API] },
  keysAt: `https://login.microsoftonline.com/${TENANT}/discovery/v2.0/keys`,
  header: { typ: 'JWT' },
  person,
  accepts: {
    'a person': { is: alice },
    'a person with the scope openid, whose token has a nonce': { with: { nonce: 'n' }, is: alice },
    'an application, by idtyp': {
      with: { ...app, idtyp: 'app' },
      is: { sub: 'app-object', caller: 'service', roles: ['Agents.All'] },
    },
    'an application without idtyp': { with: app, is: { caller: 'service' } },
    'a managed identity, whose token lives for 24 hours and five minutes': {
      with: { ...app, iat: now - 300, nbf: now - 300, exp: now + 24 * HOUR },
      is: { caller: 'service' },
    },
    'a person of more groups than a token holds': {
      with: { hasgroups: true, _claim_names: { groups: 'src1' }, roles: undefined },
      is: { caller: 'user', roles: [] },
    },
  },
  refuses: {
    'another tenant': { with: { iss: v2.replace(TENANT, APP) }, reason: 'issuer' },
    'version 1': { with: { iss: v1 }, reason: 'issuer' },
    'another API': { with: { aud: APP }, reason: 'audience' },
    'Microsoft Graph': { with: { aud: '00000003-0000-0000-c000-000000000000' }, reason: 'audience' },
    'an ID token of the same application': {
      with: { azp: undefined, azpacr: undefined, scp: undefined, nonce: 'n' },
      reason: 'id-token',
    },
    'an ID token with its digest': { with: { at_hash: 'h' }, reason: 'id-token' },
    'a day and two hours': { with: { iat: now, exp: now + 26 * HOUR }, reason: 'lifetime' },
  },
  ownWords: ['name', 'preferred_username', 'given_name', 'family_name', 'email', 'login_hint'],
}

export const entraVersion1: Provider = {
  source,
  issuer: { preset: 'entra', issuer: v1, audience: [`api://${API}`] },
  keysAt: `https://login.microsoftonline.com/${TENANT}/discovery/keys`,
  header: { typ: 'JWT' },
  person: {
    ...person,
    iss: v1,
    aud: `api://${API}`,
    ver: '1.0',
    azp: undefined,
    appid: APP,
    appidacr: '0',
    preferred_username: undefined,
    upn: 'alice@acme.example',
    unique_name: 'alice@acme.example',
  },
  accepts: {
    'a person': { is: alice },
    'an application': { with: { ...app, upn: undefined }, is: { caller: 'service', client_id: APP } },
  },
  refuses: {
    'version 2': { with: { iss: v2 }, reason: 'issuer' },
    'another tenant': { with: { iss: v1.replace(TENANT, APP) }, reason: 'issuer' },
    'another API': { with: { aud: API }, reason: 'audience' },
    'an ID token of the same application': {
      with: { appid: undefined, appidacr: undefined, scp: undefined, nonce: 'n' },
      reason: 'id-token',
    },
    'a day and two hours': { with: { iat: now, exp: now + 26 * HOUR }, reason: 'lifetime' },
  },
  ownWords: ['name', 'unique_name', 'given_name', 'family_name', 'email'],
}
