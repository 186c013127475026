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
  // jwksUri is left out: OpenID Connect Discovery below the issuer says where the keys are.
  // `claims` names the claims that policies read. For a well-known provider, `preset: 'auth0'` and
  // so on fills them in.
  claims: { roles: 'roles', tenant: 'tenant', email: 'email', name: 'name' },
})
