/**
 * The schema of everything in routes/ and policies/. The types in define.ts, the Worker's check at
 * its start and the JSON Schema come from it. Unknown keys are faults, and so are values that are
 * not plain data.
 */
import * as v from 'valibot'
import { signingAlgorithmNames } from '../assertion/algorithms'
import { AgentSchema } from './agent-schema'
import { address, headerName, id, seconds, some, text } from './atoms'
import { IdentitySchema } from './identity-schema'
import { LimitsSchema } from './limits'
import { PolicySchema } from './policy-schema'
import { TrustSchema } from './trust'

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
   * answers or edits the run. Required if threads belong to a tenant or are shared, and the agent
   * keeps identity in its state.
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
