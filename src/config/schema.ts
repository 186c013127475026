/**
 * The shape of everything in routes/ and policies/: one strict schema, from which come the types of define.ts, the check
 * at load and the JSON Schema. Unknown keys are faults; so is anything that is not plain data.
 */
import * as v from 'valibot'

const id = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens, beginning with a letter'),
)
const text = v.pipe(v.string(), v.nonEmpty('a text that is not empty'))
const variableName = v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9_]*$/, 'the name of a variable, such as AGENT_URL'))
const headerName = v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/, 'a header name in lower case'))
const some = <T extends v.GenericSchema>(item: T) =>
  v.pipe(v.array(item), v.nonEmpty('at least one entry')) as v.GenericSchema<
    readonly v.InferInput<T>[],
    readonly v.InferOutput<T>[]
  >
const seconds = (from: number, to: number) =>
  v.pipe(
    v.number(),
    v.integer('whole seconds'),
    v.minValue(from, `at least ${from} seconds`),
    v.maxValue(to, `at most ${to} seconds`),
  )
const fromEnvironment = v.strictObject({ env: variableName })

export const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const
export const signingAlgorithms = ['ES256', 'RS256', 'EdDSA'] as const

export const IssuerSchema = v.strictObject({
  id,
  /** The `iss` of its tokens, to the letter; `{ env }` where it differs between staging and production. */
  issuer: v.union([text, fromEnvironment], 'a URL or { env: NAME }'),
  /** What `aud` must contain one of. */
  audience: some(text),
  /** Signature algorithms that are accepted; asymmetric only. */
  algorithms: some(v.picklist(algorithms)),
  /** Where its keys are. Without it, OpenID Connect Discovery below the issuer says so. */
  jwksUri: v.optional(v.union([text, fromEnvironment], 'a URL or { env: NAME }')),
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

const oneOrMore = v.union([text, some(text)], 'a text or a list of texts')
const scalar = v.union([v.string(), v.number(), v.boolean()], 'a text, a number or true/false')

/** What must be true of a caller. Every field that is given must hold; a list means "one of these". */
export interface Condition {
  readonly role?: string | readonly string[] | undefined
  readonly scope?: string | readonly string[] | undefined
  readonly claim?: ClaimCondition | undefined
  /** Id of an issuer in policies/. */
  readonly issuer?: string | readonly string[] | undefined
  readonly tenant?: string | readonly string[] | undefined
  /** A `service` is a token that a client got for itself; everyone else is a `user`. */
  readonly caller?: 'user' | 'service' | undefined
  readonly all?: readonly Condition[] | undefined
  readonly any?: readonly Condition[] | undefined
  readonly not?: Condition | undefined
}
export type ClaimCondition =
  | { readonly name: string; readonly equals: Scalar | readonly Scalar[] }
  | { readonly name: string; readonly includes: Scalar }
export type Scalar = string | number | boolean

const ConditionSchema: v.GenericSchema<Condition> = v.pipe(
  v.strictObject({
    role: v.optional(oneOrMore),
    scope: v.optional(oneOrMore),
    claim: v.optional(
      v.union(
        [
          v.strictObject({ name: text, equals: v.union([scalar, some(scalar)]) }),
          v.strictObject({ name: text, includes: scalar }),
        ],
        '{ name, equals } or { name, includes }',
      ),
    ),
    issuer: v.optional(oneOrMore),
    tenant: v.optional(oneOrMore),
    caller: v.optional(v.picklist(['user', 'service'])),
    all: v.optional(some(v.lazy(() => ConditionSchema))),
    any: v.optional(some(v.lazy(() => ConditionSchema))),
    not: v.optional(v.lazy(() => ConditionSchema)),
  }),
  v.check(
    (condition) => Object.keys(condition).length > 0,
    'at least one requirement; leave `when` out to mean everybody',
  ),
)

const pattern = v.pipe(
  v.string(),
  v.regex(
    /^(\*|[a-z0-9-]+(\.[a-z0-9-]+)*(\.\*)?)$/,
    'an operation such as "threads.create", or a pattern such as "threads.*"',
  ),
)
const RuleSchema = v.strictObject({ name: text, operations: some(pattern), when: v.optional(ConditionSchema) })

export const PolicySchema = v.strictObject({
  id,
  /** Something here must match, or the answer is no. */
  allow: some(RuleSchema),
  /** Whatever matches here is refused, whoever allows it. */
  deny: v.optional(v.array(RuleSchema)),
  /** Run by `npm test`: at least one that is allowed and one that is denied. */
  examples: v.pipe(
    v.array(
      v.strictObject({
        as: v.strictObject({
          roles: v.optional(v.array(text)),
          scopes: v.optional(v.array(text)),
          claims: v.optional(v.record(v.string(), v.unknown())),
          issuer: v.optional(text),
          tenant: v.optional(text),
          caller: v.optional(v.picklist(['user', 'service'])),
        }),
        does: text,
        expect: v.picklist(['allow', 'deny']),
      }),
    ),
    v.check(
      (examples) => examples.some((e) => e.expect === 'allow') && examples.some((e) => e.expect === 'deny'),
      'at least one example that is allowed and one that is denied',
    ),
  ),
})

const origin = v.union(
  [
    v.strictObject({ url: text }),
    fromEnvironment,
    v.strictObject({
      service: variableName,
      path: v.optional(v.pipe(v.string(), v.startsWith('/', 'a path that begins with /'))),
    }),
  ],
  "{ url: 'https://…' }, { env: NAME } or { service: BINDING }",
)
/** A fixed secret that the agent expects, such as LangSmith's x-api-key. */
const credential = v.strictObject({ header: headerName, scheme: v.optional(v.literal('Bearer')), secret: variableName })
/** Limits the route to these operations, or opens ones that its kind keeps closed. */
const operations = v.optional(some(pattern))
const agentFields = { origin, credential: v.optional(credential), operations }
const endpoint = v.strictObject({
  operation: v.pipe(v.string(), v.regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'a name such as "documents.read"')),
  method: v.picklist(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: v.pipe(
    v.string(),
    v.regex(/^(\/[^/?#]+)*\/?$|^(\/[^/?#]+)*\/\*$/, 'a path such as "/documents/:id", or one that ends in "/*"'),
  ),
  websocket: v.optional(v.literal(true)),
})

export const AgentSchema = v.variant(
  'kind',
  [
    v.strictObject({ kind: v.literal('langgraph'), ...agentFields }),
    v.strictObject({ kind: v.literal('ag2'), ...agentFields }),
    v.strictObject({ kind: v.literal('maf'), ...agentFields }),
    v.strictObject({ kind: v.literal('ag-ui'), ...agentFields }),
    v.strictObject({ kind: v.literal('http'), ...agentFields, endpoints: some(endpoint) }),
  ],
  'one of the agent kinds: langgraph, ag2, maf, ag-ui, http',
)

/** What a field of an injected identity is filled from: a name of the principal, or `claims.` and a path. */
const source = v.pipe(
  v.string(),
  v.regex(
    /^(user_id|subject|issuer|email|name|role|roles|scopes|tenant|client|claims\..+)$/,
    'one of user_id, subject, issuer, email, name, role, roles, scopes, tenant, client, or claims.<path>',
  ),
)
const fields = v.record(v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'a field name')), source)

export const IdentitySchema = v.strictObject({
  /** How the signed assertion travels. */
  assertion: v.optional(v.picklist(['bearer', 'header', 'off'])),
  /** Whether plain `x-user-*` headers go along. */
  headers: v.optional(v.boolean()),
  /** Identity in `RunAgentInput.state`, overwritten on every run; false to leave it out. */
  state: v.optional(
    v.union([
      v.literal(false),
      v.strictObject({
        key: v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'a state key')),
        fields: v.optional(fields),
      }),
    ]),
  ),
  /** Identity in `RunAgentInput.forwardedProps`, field by field. */
  forwardedProps: v.optional(fields),
  /** Fill LangGraph's `config.configurable.langgraph_auth_user` (a JavaScript server without auth of its own). */
  langgraphAuthUser: v.optional(v.boolean()),
})

export const RouteSchema = v.strictObject({
  id,
  path: v.pipe(
    v.string(),
    v.regex(/^(\/|(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+)$/, 'a path such as "/agents/support", without a slash at its end'),
  ),
  agent: AgentSchema,
  /** Identity providers whose tokens open this route. */
  trust: v.optional(some(IssuerSchema)),
  /** All of these must allow. */
  policies: v.optional(some(PolicySchema)),
  /** Lets anyone in, without identity. Excludes `trust` and `policies`. */
  public: v.optional(v.literal(true)),
  identity: v.optional(IdentitySchema),
  assertion: v.optional(
    v.strictObject({
      /** `aud` of the assertion. Default: the route's id. */
      audience: v.optional(text),
      algorithm: v.optional(v.picklist(signingAlgorithms)),
      lifetimeSeconds: v.optional(seconds(10, 300)),
      /** Claims of the caller's token to copy, by name. */
      claims: v.optional(v.array(text)),
      /** `request` (default) binds each assertion to its request; `none` lets one serve a person for half its life. */
      bind: v.optional(v.picklist(['request', 'none'])),
    }),
  ),
  cors: v.optional(v.strictObject({ origins: some(text) })),
  /** More request headers that may reach the agent. */
  forwardHeaders: v.optional(v.array(headerName)),
  limits: v.optional(
    v.strictObject({
      bodyBytes: v.optional(
        v.pipe(v.number(), v.integer('whole bytes'), v.minValue(1), v.maxValue(104_857_600, 'at most 100 MiB')),
      ),
      /** How long the agent may take to begin its reply. Default 120. */
      firstByteSeconds: v.optional(seconds(1, 3600)),
      /** How long a stream that is read may be silent before it counts as broken. Default 600. */
      idleSeconds: v.optional(seconds(5, 86_400)),
      /** Send a comment after this silence, so that nothing on the way closes the stream; 0 for never. */
      heartbeatSeconds: v.optional(seconds(0, 300)),
    }),
  ),
})
