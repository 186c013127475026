import type { IssuerPreset } from './issuer-preset'
import type { Issuer } from './issuer-schema'

const DAY = 86_400
const slash = (of: string) => ({
  form: /\/$/,
  expected: `an address with a slash at its end, as ${of} writes it`,
  remedy: 'Add the slash: `iss` is compared exactly.',
})
const tenantOf = (issuer: string): string => new URL(issuer).pathname.split('/')[1] ?? ''

/**
 * Presets of well-known identity providers. A comment at each one names the page that documents it,
 * and when the page was read. Claims that a person can set about themselves are never mapped to
 * roles or tenant. If customers set up roles themselves (Auth0 actions, Okta groups, Clerk
 * templates), the project must set `claims.roles` to the customer's own name.
 */
export const presets: Readonly<Record<NonNullable<Issuer['preset']>, IssuerPreset>> = {
  // learn.microsoft.com/entra/identity-platform/access-token-claims-reference, 2026-11. Version 1
  // tokens have `appid` and another issuer than version 2 tokens. Both versions have their keys on
  // the same host. Both name a tenant by its id, no matter at which address the token was
  // requested. Tokens of managed identities live for 24 hours and five minutes.
  entra: {
    claims: {
      scopes: 'scp',
      tenant: 'tid',
      email: { firstOf: ['upn', 'preferred_username'] },
      client: { firstOf: ['azp', 'appid'] },
    },
    maxLifetimeSeconds: DAY + 3600,
    // In both versions of Entra's tokens, only access tokens name the client.
    accessTokens: { signs: ['azp', 'appid'], haveNonce: true },
    jwksUri: (issuer) =>
      issuer.startsWith('https://sts.windows.net/')
        ? `https://login.microsoftonline.com/${tenantOf(issuer)}/discovery/keys`
        : issuer.replace(/\/v2\.0$/, '/discovery/v2.0/keys'),
    // In version 2 the audience is always the id of the application.
    audienceForm: (issuer) =>
      issuer.endsWith('/v2.0')
        ? { form: /^(?!\w+:\/\/)/, expected: 'the id of the application: only tokens of version 1 have its URI' }
        : undefined,
    isNeverAtJwt: true,
    issuer: {
      form: /^https?:\/\/(?:sts\.windows\.net\/[0-9a-f-]{36}\/|(?!sts\.windows\.net\/)[^/]+\/[0-9a-f-]{36}\/v2\.0)$/,
      expected: 'https://login.microsoftonline.com/TENANT_ID/v2.0, or https://sts.windows.net/TENANT_ID/ for version 1',
      remedy:
        'Write the id of your tenant. For several tenants, write {tenant} in its place and list them in `tenants`.',
    },
    algorithms: ['RS256'],
  },
  // Source, read in 2026-11: auth0.com/docs/secure/tokens/access-tokens/access-token-profiles.
  auth0: {
    claims: { roles: 'permissions', tenant: 'org_id', client: { firstOf: ['azp', 'client_id'] } },
    issuer: slash('Auth0'),
  },
  // developer.okta.com/docs/concepts/auth-servers, 2026-11: only Okta itself can verify tokens of
  // its org authorization server.
  okta: {
    // A login name can be changed and then given to another person. `uid` never changes, but tokens
    // of machines have none.
    claims: { subject: { firstOf: ['uid', 'sub'] }, roles: 'groups', scopes: 'scp', client: 'cid' },
    issuer: {
      form: /\/oauth2\/[^/]+$/,
      expected: 'the address of a custom authorization server, such as https://acme.okta.com/oauth2/default',
      remedy: 'Add /oauth2/ and the id of the server: only Okta can verify tokens of the org server.',
    },
    algorithms: ['RS256'],
  },
  // Source, read in 2026-11: keycloak.org/docs/latest/server_admin, "Protocol mappers". For
  // Keycloak 22 to 26.
  keycloak: {
    claims: { roles: 'realm_access.roles', client: 'azp' },
    issuer: {
      form: /\/realms\/[^/]+$/,
      expected: 'the address of a realm, such as https://keycloak.example.com/realms/acme',
      remedy: 'Write the address of the realm, without a slash at the end.',
    },
  },
  // Source, read in 2026-11:
  // docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
  cognito: {
    claims: { roles: 'cognito:groups', name: 'username' },
    audienceFrom: { claim: 'client_id', where: { token_use: 'access' } },
    isNeverAtJwt: true,
    jwksUri: (issuer) => `${issuer}/.well-known/jwks.json`,
    issuer: {
      form: /^https?:\/\/[^/]+\/[\w-]+_[A-Za-z0-9]+$/,
      expected: 'https://cognito-idp.REGION.amazonaws.com/POOL_ID',
      remedy: 'Write the issuer of the pool, not its sign-in domain.',
    },
    algorithms: ['RS256'],
  },
  // clerk.com/docs/backend-requests/resources/session-tokens, 2026-11: version 2 of the tokens has
  // the organization in `o`, version 1 in `org_role` and `org_id`. `azp` is the origin of the page,
  // and only session tokens have `sid`.
  clerk: {
    claims: {
      roles: { firstOf: ['o.rol', 'org_role'] },
      tenant: { firstOf: ['o.id', 'org_id'] },
      client: 'azp',
    },
    audienceFrom: { claim: 'azp', where: { sid: true } },
    audienceForm: () => ({ form: /[^/]$/, expected: 'the origin of the page, without a slash at its end' }),
    jwksUri: (issuer) => `${issuer}/.well-known/jwks.json`,
    issuer: {
      form: /[^/]$/,
      expected: 'the address of the instance, such as https://clerk.acme.com, without a slash at its end',
      remedy: 'Remove the slash.',
    },
  },
  // workos.com/docs/reference/authkit/session-tokens, 2026-11: each client has an issuer of its
  // own. Tokens have no `aud`, so `iss` is checked as the audience.
  workos: {
    claims: { roles: { firstOf: ['roles', 'role'] }, tenant: 'org_id' },
    audienceFrom: { claim: 'iss', where: { sid: true } },
    audience: (issuer) => issuer,
    jwksUri: (issuer) => `${new URL(issuer).origin}/sso/jwks/${issuer.split('/').at(-1)}`,
    issuer: {
      orKeys: true,
      form: /\/client_\w+$/,
      expected: 'an address with the id of the client, such as https://api.workos.com/user_management/CLIENT_ID',
      remedy:
        'Write the `iss` of your tokens. If it does not name the client, set jwksUri to https://api.workos.com/sso/jwks/CLIENT_ID.',
    },
    algorithms: ['RS256'],
  },
  // supabase.com/docs/guides/auth/jwt-fields, 2026-11. People can change their own `user_metadata`,
  // so roles and tenant come from `app_metadata`.
  supabase: {
    claims: { roles: 'app_metadata.roles', tenant: 'app_metadata.tenant' },
    jwksUri: (issuer) => `${issuer}/.well-known/jwks.json`,
    issuer: {
      form: /\/auth\/v1$/,
      expected: 'the address of the project with /auth/v1, such as https://abcd.supabase.co/auth/v1',
      remedy: 'Add /auth/v1.',
    },
  },
  // firebase.google.com/docs/auth/admin/verify-id-tokens, 2026-11. Firebase has no access tokens
  // for other APIs, so ID tokens are accepted.
  firebase: {
    claims: { tenant: 'firebase.tenant' },
    tokenType: 'id-token',
    audience: (issuer) => issuer.split('/').at(-1) ?? '',
    jwksUri: () => 'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com',
    issuer: {
      form: /^https:\/\/securetoken\.google\.com\/[^/]+$/,
      expected: 'https://securetoken.google.com/PROJECT_ID',
      remedy: 'Write the id of the project, which is the audience as well.',
    },
    algorithms: ['RS256'],
  },
  // developers.google.com/identity/openid-connect/openid-connect, 2026-11. Google's access tokens
  // are not JWTs, so ID tokens are accepted.
  google: {
    claims: { tenant: 'hd', client: 'azp' },
    tokenType: 'id-token',
    jwksUri: () => 'https://www.googleapis.com/oauth2/v3/certs',
    issuer: {
      form: /^https:\/\/accounts\.google\.com$/,
      expected: 'https://accounts.google.com',
      remedy: "Set issuer: 'https://accounts.google.com'.",
    },
    algorithms: ['RS256'],
  },
  // developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie,
  // 2026-11. Sessions live for up to a month; service tokens have a `common_name` and no subject.
  'cloudflare-access': {
    claims: { subject: { firstOf: ['sub', 'common_name'] }, roles: 'custom.groups' },
    tokenType: 'id-token',
    maxLifetimeSeconds: 31 * DAY,
    jwksUri: (issuer) => `${issuer}/cdn-cgi/access/certs`,
    issuer: {
      form: /^https?:\/\/[^/]+$/,
      expected: 'https://TEAM.cloudflareaccess.com',
      remedy: 'Write the address of your team, without a slash at its end.',
    },
    algorithms: ['RS256'],
  },
  // zitadel.com/docs/apis/openidoauth/claims, 2026-11: the claim with the roles is an object. Each
  // member's name is a role, and its value lists the organizations for which the person has it.
  // Only access tokens have `jti`. An ID token that was asked for alone has no `at_hash`.
  zitadel: {
    rolesByTenant: true,
    accessTokens: { signs: ['jti'] },
    claims: {
      roles: 'urn:zitadel:iam:org:project:roles',
      tenant: 'urn:zitadel:iam:user:resourceowner:id',
    },
    issuer: {
      form: /^(?!.*\/oauth\/v2$).*[^/]$/,
      expected: 'the address of the instance, such as https://acme.zitadel.cloud, without a slash at its end',
      remedy: 'Write the address of the instance, without /oauth/v2.',
    },
  },
  // docs.goauthentik.io/add-secure-apps/providers/oauth2, and `id_token.py` and `views/token.py` in
  // authentik/providers/oauth2 of its repository, read in 2026-11. An access token is a copy of the
  // ID token with `azp` and `uid` added. The ID token of a sign-in by code has no `at_hash`.
  authentik: {
    claims: { roles: 'groups', client: 'azp' },
    accessTokens: { signs: ['azp'], haveNonce: true },
    issuer: slash('authentik'),
  },
  // documentation.openiddict.com/configuration/token-formats, 2026-11. .NET writes a single role as
  // a text, and several roles as a list. Only access tokens have `jti`
  // (OpenIddictServerHandlers.Protection.cs, `GenerateIdentityModelToken`).
  openiddict: {
    claims: { roles: 'role' },
    accessTokens: { signs: ['jti'] },
    issuer: { ...slash('OpenIddict'), form: /^https?:\/\/[^/]+\// },
  },
}
