/**
 * The schema of everything in routes/ and policies/. The types in define.ts, the Worker's check at
 * its start and the JSON Schema come from it. Unknown keys are faults, and so are values that are
 * not plain data.
 */
import * as v from 'valibot'
import { signingAlgorithmNames } from '../assertion/algorithms'
import { address, headerName, id, seconds, some, text } from './atoms'
import { LimitsSchema } from './limits'
import { pattern } from './operation-pattern'
import { CredentialSchema, OriginSchema } from './origin-schema'
import { PolicySchema } from './policy-schema'
import { TrustSchema } from './trust'

/** The operations that the route offers, which may include some that are closed by default. */
const operations = v.optional(some(pattern))
const agentFields = { origin: OriginSchema, credential: v.optional(CredentialSchema), operations }
const endpoint = v.strictObject({
  operation: v.pipe(v.string(), v.regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'a name such as "documents.read"')),
  method: v.picklist(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: v.pipe(
    v.string(),
    v.regex(/^(\/[^/?#]+)*\/?$|^(\/[^/?#]+)*\/\*$/, 'a path such as "/documents/:id", or one that ends in "/*"'),
  ),
  websocket: v.optional(v.literal(true)),
})

const agents = [
  v.strictObject({ kind: v.literal('langgraph'), ...agentFields }),
  v.strictObject({ kind: v.literal('ag2'), ...agentFields }),
  v.strictObject({ kind: v.literal('maf'), ...agentFields }),
  v.strictObject({
    kind: v.literal('ag-ui'),
    ...agentFields,
    /** The framework of the agent, which decides where the agent finds the user's identity. */
    preset: v.optional(
      v.picklist([
        'agno',
        'adk',
        'pydantic-ai',
        'crewai',
        'langgraph-fastapi',
        'strands',
        'llamaindex',
        'mastra',
        'spring-ai',
      ]),
    ),
  }),
  v.strictObject({
    kind: v.literal('copilotkit'),
    ...agentFields,
    /** The agents' framework. Mastra's agents forward headers, so they get no bearer token. */
    preset: v.optional(v.literal('mastra')),
    /** The `mode` of the CopilotKit runtime. Default: `multi-route`, as in that runtime. */
    style: v.optional(v.picklist(['multi-route', 'single-route'])),
  }),
  v.strictObject({
    kind: v.literal('mcp'),
    ...agentFields,
    /**
     * Confirms that the server keeps the events of each session in a separate store. Callers may
     * then resume their streams.
     */
    eventStore: v.optional(v.literal('per-session')),
  }),
  v.strictObject({
    kind: v.literal('a2a'),
    ...agentFields,
    /** Whether clients can read the agent card without a token, to learn from it how to sign in. */
    publicCard: v.optional(v.literal(true)),
  }),
  v.strictObject({ kind: v.literal('http'), ...agentFields, endpoints: some(endpoint) }),
] as const

/** The schema of an agent. Its `kind` decides which settings it may have. */
export const AgentSchema = v.variant(
  'kind',
  agents,
  `one of the agent kinds: ${agents.map(({ entries }) => entries.kind.literal).join(', ')}`,
)

/**
 * The source of an identity field that the agent receives: a field of the verified caller, or
 * `claims.` and the path of a claim.
 */
const source = v.pipe(
  v.string(),
  v.regex(
    /^(user_id|subject|issuer|email|name|role|roles|scopes|tenant|client|claims\..+)$/,
    'one of user_id, subject, issuer, email, name, role, roles, scopes, tenant, client, or claims.<path>',
  ),
)
const fields = v.record(v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'a field name')), source)

export const IdentitySchema = v.strictObject({
  /** How the gateway sends its signed assertion to the agent. */
  assertion: v.optional(v.picklist(['bearer', 'header', 'off'])),
  /** Whether the gateway also sends plain `x-user-*` headers to the agent. */
  headers: v.optional(v.boolean()),
  /** The identity that the gateway writes into `RunAgentInput.state` on every run. False: none. */
  state: v.optional(
    v.union([
      v.literal(false),
      v.strictObject({
        key: v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'a state key')),
        fields: v.optional(fields),
      }),
      // Without a key, the fields are put directly into the state.
      v.strictObject({ fields }),
    ]),
  ),
  /** The caller's identity in `RunAgentInput.forwardedProps`: each field with its source. */
  forwardedProps: v.optional(fields),
  /**
   * Whether to fill LangGraph's `config.configurable.langgraph_auth_user`, for a JavaScript server
   * without auth of its own.
   */
  langgraphAuthUser: v.optional(v.boolean()),
})

export const RouteSchema = v.strictObject({
  id,
  path: v.pipe(
    v.string(),
    v.regex(/^(\/|(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+)$/, 'a path such as "/agents/support", without a slash at its end'),
  ),
  agent: AgentSchema,
  /** The identity providers and API keys that this route accepts. */
  trust: v.optional(some(TrustSchema)),
  /** The policies of this route. All of them must allow a request. */
  policies: v.optional(some(PolicySchema)),
  /** Lets anyone use the route. A public route must not have `trust` or `policies`. */
  public: v.optional(v.literal(true)),
  /**
   * The owner of the agent's threads, sessions and tasks: each caller (`own`, the default), each
   * `tenant`, or all callers together (`shared`).
   */
  threads: v.optional(v.picklist(['own', 'tenant', 'shared'])),
  /**
   * Confirms that a run keeps the identity of the person who asked first, even if another person
   * answers or edits the run. Required if threads belong to a tenant
   * or are shared, and the agent keeps identity in its state.
   */
  resumesAs: v.optional(v.literal('whoever-asked-first')),
  /**
   * Whether LangGraph threads without an owner are hidden (`hide`, the default), or each belongs to
   * the first caller who uses it.
   */
  unowned: v.optional(v.picklist(['hide', 'claim-by-first'])),
  /**
   * Takes the caller's token from `forwardedProps.authorization` too, where older CopilotKit apps
   * put it.
   */
  tokenInBody: v.optional(v.literal(true)),
  identity: v.optional(IdentitySchema),
  assertion: v.optional(
    v.strictObject({
      /** `aud` of the assertion. Default: the route's id. */
      audience: v.optional(text),
      algorithm: v.optional(v.picklist(signingAlgorithmNames)),
      lifetimeSeconds: v.optional(seconds(10, 300)),
      /** The names of claims that are copied from the caller's token to the assertion. */
      claims: v.optional(v.array(text)),
      /**
       * `request` (default) binds each assertion to its request; `none` lets one assertion serve
       * all requests of a person for half its lifetime.
       */
      bind: v.optional(v.picklist(['request', 'none'])),
    }),
  ),
  cors: v.optional(
    v.strictObject({
      /**
       * Exact web origins, including those with an app's own URL scheme. In development,
       * `http://localhost:*` is possible too.
       */
      origins: some(address),
      /** Lets pages send requests with `credentials: 'include'`. Cookies are still not read. */
      credentials: v.optional(v.literal(true)),
      /**
       * Request headers that pages send and that the gateway drops. Without this list, the browser
       * would not send the request.
       */
      ignoreHeaders: v.optional(v.array(headerName)),
    }),
  ),
  /**
   * Confirms that the agent serves web pages. The gateway then adds no content security policy to
   * replies.
   */
  servesPages: v.optional(v.literal(true)),
  audit: v.optional(
    v.strictObject({
      /**
       * Whether to write an audit line when a stream begins too, so that open streams are known
       * after a crash.
       */
      begin: v.optional(v.boolean()),
    }),
  ),
  /**
   * A header in which a proxy in front of the gateway puts the caller's token, such as
   * `cf-access-jwt-assertion`. The browser's requests from any page have such a token. So a request
   * that changes something must come from a page of an allowed origin.
   */
  tokenHeader: v.optional(headerName),
  /**
   * Whether requests are refused (`closed`, the default) or accepted (`open`) while the gateway
   * cannot read the list of revocations.
   */
  withoutRevocations: v.optional(v.picklist(['closed', 'open'])),
  /** Additional request headers that the gateway forwards to the agent. */
  forwardHeaders: v.optional(v.array(headerName)),
  /** Additional reply headers that the gateway forwards to callers, and that web pages may read. */
  exposeHeaders: v.optional(v.array(headerName)),
  limits: v.optional(LimitsSchema),
})
