import type { Issuer } from './issuer-schema'

type Mapping = NonNullable<Issuer['claims']>
type Preset = { readonly claims: Mapping; readonly tokenType?: NonNullable<Issuer['tokenType']> }

/** Where the field's common reading is, for a provider that nothing else is known of. */
export const commonClaims = {
  roles: 'roles',
  scopes: 'scope',
  tenant: 'tenant',
  email: 'email',
  name: 'name',
  client: 'client_id',
} as const satisfies Mapping

/**
 * Where well-known providers keep what policies ask about, as their documentation on token claims says. A provider whose
 * roles are set up by its customer (Auth0 actions, Okta and Clerk templates) still needs `claims.roles` for its own name.
 */
export const presets: Readonly<Record<NonNullable<Issuer['preset']>, Preset>> = {
  entra: { claims: { scopes: 'scp', tenant: 'tid', email: 'preferred_username', client: 'azp' } },
  auth0: { claims: { roles: 'permissions', tenant: 'org_id', client: 'azp' } },
  okta: { claims: { roles: 'groups', scopes: 'scp', client: 'cid' } },
  keycloak: { claims: { roles: 'realm_access.roles', client: 'azp' } },
  cognito: { claims: { roles: 'cognito:groups' } },
  clerk: { claims: { roles: 'org_role', tenant: 'org_id', client: 'azp' } },
  supabase: { claims: { roles: 'app_metadata.roles', tenant: 'app_metadata.tenant', name: 'user_metadata.name' } },
  firebase: { claims: { tenant: 'firebase.tenant' }, tokenType: 'id-token' },
  google: { claims: { tenant: 'hd', client: 'azp' }, tokenType: 'id-token' },
  'cloudflare-access': { claims: { roles: 'custom.groups' }, tokenType: 'id-token' },
}
