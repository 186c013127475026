import * as v from 'valibot'
import { jwsAlgorithmNames } from '../jws'
import { address, id, seconds, some, text } from './atoms'

const path = v.union([text, some(text)], 'a path with dots, or the list of its names')

/**
 * The place of a claim in a token: a path with dots, or a list of exact names. `firstOf` lists
 * several places, of which the first that exists is used.
 */
const source = v.union(
  [text, some(text), v.strictObject({ firstOf: some(path) })],
  'a path, a list of names or { firstOf }',
)

/** The names of the presets for well-known identity providers. */
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
   * The exact `iss` of the provider's tokens, or `{ env }` if staging and production differ. With
   * `tenants`, it has `{tenant}` in place of the tenant's id. An issuer that is not a URL needs
   * `jwksUri`.
   */
  issuer: address,
  /**
   * The ids of tenants whose people may sign in. Each tenant is an issuer of its own, and user ids
   * begin with the tenant's id.
   */
  tenants: v.optional(some(text)),
  /** The accepted audiences: `aud` must contain one of them. */
  audience: some(text),
  /**
   * For a provider whose access tokens have no `aud`: `claim` must contain one of `audience`
   * instead. `where` lists the claims that an access token has, with their value or `true` for any
   * value. If a token has an `aud`, only `aud` is checked.
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
  /** The accepted signature algorithms. All of them are asymmetric. */
  algorithms: some(v.picklist(jwsAlgorithmNames)),
  /**
   * The address of the provider's keys. By default it comes from the preset, or from OpenID Connect
   * Discovery at the issuer's address.
   */
  jwksUri: v.optional(address),
  /**
   * The name of a well-known provider. The preset fills in the settings that are the same for every
   * customer. Each setting of this issuer replaces the one from the preset.
   */
  preset: v.optional(v.picklist(issuerPresetNames)),
  /** The claims of this provider that contain the user id, roles and other facts for policies. */
  claims: v.optional(
    v.strictObject({
      /**
       * The user id, `sub` by default. Threads belong to this id. If another claim is chosen later,
       * every user becomes a new person without the old threads.
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
   * The separator between roles, if this provider writes several roles as one text. Without it, a
   * text is one role.
   */
  roleSeparator: v.optional(v.picklist([' ', ','])),
  /**
   * The roles that the gateway reads from tokens; a `*` at the end stands for any ending. By
   * default it reads all roles, and many roles can make the assertion too large.
   */
  keepRoles: v.optional(some(v.pipe(v.string(), v.regex(/^[^*]+\*?$/, 'a role, or its beginning and *')))),
  /**
   * `services` if every caller of this issuer is a machine, such as a workload identity or a
   * service account.
   */
  callers: v.optional(v.picklist(['services'])),
  /**
   * `access-token` (default) refuses ID tokens; `at+jwt` takes only RFC 9068 tokens; `id-token` is
   * for providers without access tokens that the gateway can verify.
   */
  tokenType: v.optional(v.picklist(['access-token', 'at+jwt', 'id-token'])),
  /** Claims that a token must have in addition to `iss`, `aud`, `sub` and `exp`. */
  requiredClaims: v.optional(v.array(text)),
  /** The longest accepted lifetime of a token (`exp` minus `iat`). Default 86400. */
  maxLifetimeSeconds: v.optional(seconds(60, 31_536_000)),
  /** The tolerated difference between clocks. Default 30. */
  clockSkewSeconds: v.optional(seconds(0, 60)),
  /**
   * A text that the gateway puts before each user id, so that users of two issuers of a route
   * cannot have the same id. Agents see the prefixed id.
   */
  subjectPrefix: v.optional(
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9._:|-]{1,32}$/, 'up to 32 letters, digits or . _ : | -')),
  ),
})

/** An identity provider in the form in which a file in policies/ defines it. */
export type Issuer = v.InferInput<typeof IssuerSchema>
