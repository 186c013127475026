import { defineIssuer } from 'sallyport'

/**
 * The company's identity provider. Its URL differs between staging and production, so wrangler.toml
 * names it.
 */
export default defineIssuer({
  id: 'company-login',
  issuer: { env: 'ISSUER_URL' },
  audience: ['agents'],
  algorithms: ['RS256', 'ES256'],
  // `jwksUri` is left out, so the gateway finds the keys through OpenID Connect Discovery, at an
  // address below the issuer. `claims` names the claims that policies read. For a well-known
  // provider, a setting such as `preset: 'auth0'` fills them in.
  claims: { roles: 'roles', tenant: 'tenant', email: 'email', name: 'name' },
})
