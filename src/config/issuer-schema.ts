import * as v from 'valibot'
import { jwsAlgorithmNames } from '../jws'
import { address, id, seconds, some, text } from './atoms'

const path = v.union([text, some(text)], 'a path with dots, or the list of its names')

/**
 * The place of a claim: a path with dots, the list of its exact names, or several places, of which
 * the first that exists counts.
 */
const source = v.union(
  [text, some(text), v.strictObject({ firstOf: some(path) })],
  'a path, a list of names or { firstOf }',
)

/** Presets of identity providers. */
export const issuerPresetNames = [
  'entra',
  'auth0',
  'okta',
  'keycloak',
  'cognito',
  'clerk',
  'workos',
  'supabase',
  'firebase',
  'google',
  'cloudflare-access',
  'zitadel',
  'authentik',
  'openiddict',
] as const

export const IssuerSchema = v.strictObject({
  id,
  /**
   * The exact `iss` of its tokens; `{ env }` where it differs between staging and production. With
   * `tenants`, it has `{tenant}` in the place of each tenant's id. An issuer that is no URL needs
   * `jwksUri`.
   */
  issuer: address,
  /**
   * The tenants that may sign in, each an issuer of its own. User ids begin with the tenant's id.
   */
  tenants: v.optional(some(text)),
  /** The accepted audiences: `aud` must contain one of them. */
  audience: some(text),
  /**
   * For a provider whose access tokens have no `aud`: the claim that must be one of `audience`
   * instead, and the claims that mark an access token, with their value or `true` for any. In a
   * token that has an `aud`, only that counts.
   */
  audienceFrom: v.optional(
    v.strictObject({
      claim: text,
      where: v.pipe(
        v.record(text, v.union([text, v.literal(true)], 'a text, or true')),
        v.check((where) => Object.keys(where).length > 0, 'at least one claim'),
      ),
    }),
  ),
  /** Signature algorithms that are accepted; asymmetric only. */
  algorithms: some(v.picklist(jwsAlgorithmNames)),
  /**
   * The address of its keys. Without it, the preset names it, or OpenID Connect Discovery below the
   * issuer finds it.
   */
  jwksUri: v.optional(address),
  /**
   * A well-known provider. Its preset fills in the settings that are the same for every customer.
   * Settings here override them one by one.
   */
  preset: v.optional(v.picklist(issuerPresetNames)),
  /** The claims in which this provider keeps what policies ask about. */
  claims: v.optional(
    v.strictObject({
      /**
       * The user id, `sub` by default. Threads belong to it: if the claim is changed later, every
       * user becomes a new person.
       */
      subject: v.optional(source),
      roles: v.optional(source),
      scopes: v.optional(source),
      tenant: v.optional(source),
      email: v.optional(source),
      name: v.optional(source),
      client: v.optional(source),
    }),
  ),
  /**
   * The separator of several roles where this provider writes them as one text. Without it, a text
   * is one role.
   */
  roleSeparator: v.optional(v.picklist([' ', ','])),
  /**
   * The roles that are read; a `*` at the end stands for any ending. Without it, all are read, and
   * many roles can make the assertion too large.
   */
  keepRoles: v.optional(some(v.pipe(v.string(), v.regex(/^[^*]+\*?$/, 'a role, or its beginning and *')))),
  /**
   * `services` where every caller of this issuer is a machine: workload identities, service
   * accounts.
   */
  callers: v.optional(v.picklist(['services'])),
  /**
   * `access-token` (default) refuses ID tokens; `at+jwt` takes only RFC 9068 tokens; `id-token` is
   * for providers that have nothing else.
   */
  tokenType: v.optional(v.picklist(['access-token', 'at+jwt', 'id-token'])),
  /** Claims that must be present beside `iss`, `aud`, `sub` and `exp`. */
  requiredClaims: v.optional(v.array(text)),
  /** Longest life of a token, `exp` minus `iat`. Default 86400. */
  maxLifetimeSeconds: v.optional(seconds(60, 31_536_000)),
  /** Tolerated difference of clocks. Default 30. */
  clockSkewSeconds: v.optional(seconds(0, 60)),
  /**
   * A text before the user id that agents see, so that two issuers of one route cannot share an id.
   */
  subjectPrefix: v.optional(
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9._:|-]{1,32}$/, 'up to 32 letters, digits or . _ : | -')),
  ),
})

/** An identity provider as written. */
export type Issuer = v.InferInput<typeof IssuerSchema>
