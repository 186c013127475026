import * as v from 'valibot'
import { address, id, seconds, some, text } from './atoms'

/** Asymmetric only: with a shared secret, whoever verifies could also sign. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const

export const IssuerSchema = v.strictObject({
  id,
  /** The `iss` of its tokens, to the letter; `{ env }` where it differs between staging and production. */
  issuer: address,
  /** The accepted audiences: `aud` must contain one of them. */
  audience: some(text),
  /** Signature algorithms that are accepted; asymmetric only. */
  algorithms: some(v.picklist(algorithms)),
  /** Where its keys are. Without it, OpenID Connect Discovery below the issuer says so. */
  jwksUri: v.optional(address),
  /** Claim mapping of a well-known provider; `claims` overrides it field by field. */
  preset: v.optional(
    v.picklist([
      'entra',
      'auth0',
      'okta',
      'keycloak',
      'cognito',
      'clerk',
      'supabase',
      'firebase',
      'google',
      'cloudflare-access',
    ]),
  ),
  /** Where this provider keeps what policies ask about. A dotted path; a claim whose whole name is the path wins. */
  claims: v.optional(
    v.strictObject({
      roles: v.optional(text),
      scopes: v.optional(text),
      tenant: v.optional(text),
      email: v.optional(text),
      name: v.optional(text),
      client: v.optional(text),
    }),
  ),
  /** The separator of several roles where this provider writes them as one text. Without it, a text is one role. */
  roleSeparator: v.optional(v.picklist([' ', ','])),
  /** `access-token` (default) refuses ID tokens; `at+jwt` takes only RFC 9068 tokens; `id-token` is for providers that have nothing else. */
  tokenType: v.optional(v.picklist(['access-token', 'at+jwt', 'id-token'])),
  /** Claims that must be present beside `iss`, `aud`, `sub` and `exp`. */
  requiredClaims: v.optional(v.array(text)),
  /** Longest life of a token, `exp` minus `iat`. Default 86400. */
  maxLifetimeSeconds: v.optional(seconds(60, 31_536_000)),
  /** Tolerated difference of clocks. Default 30. */
  clockSkewSeconds: v.optional(seconds(0, 60)),
  /** Put before `sub` towards agents, so that two issuers of one route cannot share a user id. */
  subjectPrefix: v.optional(
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9._:|-]{1,32}$/, 'up to 32 letters, digits or . _ : | -')),
  ),
})

/** An identity provider as written. */
export type Issuer = v.InferInput<typeof IssuerSchema>
