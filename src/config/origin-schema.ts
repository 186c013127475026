import * as v from 'valibot'
import { fromEnvironment, headerName, text, variableName } from './atoms'

/** The address of an agent. */
export const OriginSchema = v.union(
  [
    v.strictObject({ url: text }),
    fromEnvironment,
    // The gateway's own list of revocations, for the route of its operators.
    v.strictObject({ object: v.literal('revocations') }),
    v.strictObject({
      service: variableName,
      path: v.optional(v.pipe(v.string(), v.regex(/^\//, 'a path that begins with /'))),
    }),
  ],
  "{ url: 'https://…' }, { env: NAME } or { service: BINDING }",
)
/** A fixed secret that the agent expects, such as LangSmith's x-api-key. */
export const CredentialSchema = v.strictObject({
  header: headerName,
  scheme: v.optional(v.literal('Bearer')),
  secret: variableName,
})

export type GivenOrigin = v.InferInput<typeof OriginSchema>
export type AgentCredential = v.InferInput<typeof CredentialSchema>
