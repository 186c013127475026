import * as v from 'valibot'

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

/** The schema of a route's `identity`: how the agent learns who the caller is. */
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
