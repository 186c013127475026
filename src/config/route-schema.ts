/**
 * The shape of everything in routes/ and policies/: one strict schema, from which come the types of
 * define.ts, the check at load and the JSON Schema. Unknown keys are faults; so is anything that is
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

/** Limits the route to these operations, or opens ones that its kind keeps closed. */
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
    /** Where agents of this make look for the user. */
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
    /** The make of the runtime's agents, where it matters that they forward headers. */
    preset: v.optional(v.literal('mastra')),
    /** The runtime's own `mode`. Default: `multi-route`, as there. */
    style: v.optional(v.picklist(['multi-route', 'single-route'])),
  }),
  v.strictObject({
    kind: v.literal('mcp'),
    ...agentFields,
    /**
     * Says that the server keeps each session's events in a separate store, so that callers may
     * resume their streams.
     */
    eventStore: v.optional(v.literal('per-session')),
  }),
  v.strictObject({
    kind: v.literal('a2a'),
    ...agentFields,
    /**
     * Whether the agent's card is shown without a token, to clients that learn from it how to sign
     * in.
     */
    publicCard: v.optional(v.literal(true)),
  }),
  v.strictObject({ kind: v.literal('http'), ...agentFields, endpoints: some(endpoint) }),
] as const

/** Every kind of agent, by its `kind`. */
export const AgentSchema = v.variant(
  'kind',
  agents,
  `one of the agent kinds: ${agents.map(({ entries }) => entries.kind.literal).join(', ')}`,
)

/**
 * The source of a field of an injected identity: a name of the principal, or `claims.` and a path.
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
  /** How the signed assertion is sent. */
  assertion: v.optional(v.picklist(['bearer', 'header', 'off'])),
  /** Whether plain `x-user-*` headers are sent as well. */
  headers: v.optional(v.boolean()),
  /** Identity in `RunAgentInput.state`, overwritten on every run; false to leave it out. */
  state: v.optional(
    v.union([
      v.literal(false),
      v.strictObject({
        key: v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'a state key')),
        fields: v.optional(fields),
      }),
      // Without a key the fields are members of the state themselves.
      v.strictObject({ fields }),
    ]),
  ),
  /** Identity in `RunAgentInput.forwardedProps`, field by field. */
  forwardedProps: v.optional(fields),
  /**
   * Fill LangGraph's `config.configurable.langgraph_auth_user` (for a JavaScript server that has no
   * auth itself).
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
  /** Identity providers whose tokens open this route. */
  trust: v.optional(some(TrustSchema)),
  /** All of these must allow. */
  policies: v.optional(some(PolicySchema)),
  /** Lets anyone in, without identity. Excludes `trust` and `policies`. */
  public: v.optional(v.literal(true)),
  /**
   * The owner of the agent's threads, sessions and tasks: each caller (`own`, the default), each
   * `tenant`, or all callers together (`shared`).
   */
  threads: v.optional(v.picklist(['own', 'tenant', 'shared'])),
  /**
   * For an agent that keeps identity in its state: confirms that a run which another person answers
   * or edits has the identity of the person who asked first. Required where threads belong to a
   * tenant or are shared.
   */
  resumesAs: v.optional(v.literal('whoever-asked-first')),
  /**
   * LangGraph threads that have no owner yet: `hide` (default), or give each to the first caller.
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
      /** Claims of the caller's token to copy, by name. */
      claims: v.optional(v.array(text)),
      /**
       * `request` (default) binds each assertion to its request; `none` lets one assertion serve
       * all requests of a person for half its life.
       */
      bind: v.optional(v.picklist(['request', 'none'])),
    }),
  ),
  cors: v.optional(
    v.strictObject({
      /**
       * Exact web origins, also of apps' own schemes; in development `http://localhost:*` as well.
       */
      origins: some(address),
      /** Lets pages send requests with `credentials: 'include'`. Cookies are still not read. */
      credentials: v.optional(v.literal(true)),
      /**
       * Request headers that pages send and that the gateway drops. If they were not listed, the
       * browser would not send the request.
       */
      ignoreHeaders: v.optional(v.array(headerName)),
    }),
  ),
  /**
   * Says that the agent serves web pages. Replies then have no content security policy of the
   * gateway's.
   */
  servesPages: v.optional(v.literal(true)),
  audit: v.optional(
    v.strictObject({
      /**
       * Also writes a line when a stream begins, so that a crash leaves a trace of open streams.
       */
      begin: v.optional(v.boolean()),
    }),
  ),
  /**
   * A header in which a proxy in front of the gateway puts the caller's token, such as
   * `cf-access-jwt-assertion`. Such a credential belongs to the browser, not to the page. So a
   * request that changes something must come from a page of an allowed origin.
   */
  tokenHeader: v.optional(headerName),
  /** Whether requests pass while the list of revocations cannot be read. Default: `closed`. */
  withoutRevocations: v.optional(v.picklist(['closed', 'open'])),
  /** More request headers that may reach the agent. */
  forwardHeaders: v.optional(v.array(headerName)),
  /** More reply headers that may reach callers, and that web pages may read. */
  exposeHeaders: v.optional(v.array(headerName)),
  limits: v.optional(LimitsSchema),
})
