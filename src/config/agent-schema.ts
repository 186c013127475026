import * as v from 'valibot'
import { some } from './atoms'
import { pattern } from './operation-pattern'
import { CredentialSchema, OriginSchema } from './origin-schema'

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
