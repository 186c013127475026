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
  // jwksUri is left out: OpenID Connect Discovery below the issuer says where the keys are. Where
  // this provider keeps what policies ask about. For a provider that is well known, `preset:
  // 'auth0'` and so on fills this.
  claims: { roles: 'roles', tenant: 'tenant', email: 'email', name: 'name' },
})
