import { expect, it } from 'vitest'
import { routeJsonSchema } from '../../src/cli/json-schema'

/** Every member of a route, `?` where it is optional, and the values and ranges that it takes. */
const MEMBERS = [
  'id',
  'path',
  'agent',
  'agent.kind: "langgraph" "ag2" "maf" "ag-ui" "copilotkit" "mcp" "a2a" "http"',
  'agent.origin',
  'agent.origin.url',
  'agent.origin.env',
  'agent.origin.object: "revocations"',
  'agent.origin.service',
  'agent.origin.path?',
  'agent.credential?',
  'agent.credential?.header',
  'agent.credential?.scheme?: "Bearer"',
  'agent.credential?.secret',
  'agent.operations?',
  'agent.preset?: "agno" "adk" "pydantic-ai" "crewai" "langgraph-fastapi" "strands" "llamaindex" "mastra" "spring-ai"',
  'agent.style?: "multi-route" "single-route"',
  'agent.eventStore?: "per-session"',
  'agent.publicCard?: true',
  'agent.endpoints',
  'agent.endpoints[].operation',
  'agent.endpoints[].method: "GET" "HEAD" "POST" "PUT" "PATCH" "DELETE"',
  'agent.endpoints[].path',
  'agent.endpoints[].websocket?: true',
  'trust?',
  'trust?[].id',
  'trust?[].issuer',
  'trust?[].issuer.env',
  'trust?[].tenants?',
  'trust?[].audience',
  'trust?[].audienceFrom?',
  'trust?[].audienceFrom?.claim',
  'trust?[].audienceFrom?.where',
  'trust?[].algorithms',
  'trust?[].algorithms[]: "RS256" "RS384" "RS512" "PS256" "PS384" "PS512" "ES256" "ES384" "ES512" "EdDSA" "Ed25519"',
  'trust?[].jwksUri?',
  'trust?[].jwksUri?.env',
  'trust?[].preset?: "entra" "auth0" "okta" "keycloak" "cognito" "clerk" "workos" "supabase" "firebase" "google" "cloudflare-access" "zitadel" "authentik" "openiddict"',
  'trust?[].claims?',
  'trust?[].claims?.subject?',
  'trust?[].claims?.subject?.firstOf',
  'trust?[].claims?.roles?',
  'trust?[].claims?.roles?.firstOf',
  'trust?[].claims?.scopes?',
  'trust?[].claims?.scopes?.firstOf',
  'trust?[].claims?.tenant?',
  'trust?[].claims?.tenant?.firstOf',
  'trust?[].claims?.email?',
  'trust?[].claims?.email?.firstOf',
  'trust?[].claims?.name?',
  'trust?[].claims?.name?.firstOf',
  'trust?[].claims?.client?',
  'trust?[].claims?.client?.firstOf',
  'trust?[].roleSeparator?: " " ","',
  'trust?[].keepRoles?',
  'trust?[].callers?: "services"',
  'trust?[].tokenType?: "access-token" "at+jwt" "id-token"',
  'trust?[].requiredClaims?',
  'trust?[].maxLifetimeSeconds?: 60..31536000',
  'trust?[].clockSkewSeconds?: 0..60',
  'trust?[].subjectPrefix?',
  'trust?[].binding',
  'trust?[].peopleOf?',
  'policies?',
  'policies?[].id',
  'policies?[].allow',
  'policies?[].allow[].name',
  'policies?[].allow[].operations',
  'policies?[].allow[].when?',
  'policies?[].allow[].when?.role?',
  'policies?[].allow[].when?.scope?',
  'policies?[].allow[].when?.claim?',
  'policies?[].allow[].when?.claim?.name',
  'policies?[].allow[].when?.claim?.equals',
  'policies?[].allow[].when?.claim?.includes',
  'policies?[].allow[].when?.issuer?',
  'policies?[].allow[].when?.tenant?',
  'policies?[].allow[].when?.caller?: "user" "service"',
  'policies?[].allow[].when?.all?',
  'policies?[].allow[].when?.any?',
  'policies?[].allow[].when?.not?',
  'policies?[].deny?',
  'policies?[].deny?[].name',
  'policies?[].deny?[].operations',
  'policies?[].deny?[].when?',
  'policies?[].rates?',
  'policies?[].rates?[].name',
  'policies?[].rates?[].per: "person" "tenant" "key" "route" "operation" "address"',
  'policies?[].rates?[].binding',
  'policies?[].rates?[].most: 1..',
  'policies?[].rates?[].seconds: 10 60',
  'policies?[].rates?[].operations?',
  'policies?[].examples',
  'policies?[].examples[].as',
  'policies?[].examples[].as.roles?',
  'policies?[].examples[].as.scopes?',
  'policies?[].examples[].as.claims?',
  'policies?[].examples[].as.issuer?',
  'policies?[].examples[].as.tenant?',
  'policies?[].examples[].as.caller?: "user" "service"',
  'policies?[].examples[].does',
  'policies?[].examples[].does.method',
  'policies?[].examples[].does.path',
  'policies?[].examples[].does.body?',
  'policies?[].examples[].expect: "allow" "deny"',
  'public?: true',
  'threads?: "own" "tenant" "shared"',
  'resumesAs?: "whoever-asked-first"',
  'unowned?: "hide" "claim-by-first"',
  'tokenInBody?: true',
  'identity?',
  'identity?.assertion?: "bearer" "header" "off"',
  'identity?.headers?',
  'identity?.state?: false',
  'identity?.state?.key',
  'identity?.state?.fields?',
  'identity?.state?.fields',
  'identity?.forwardedProps?',
  'identity?.langgraphAuthUser?',
  'assertion?',
  'assertion?.audience?',
  'assertion?.algorithm?: "ES256" "RS256" "EdDSA"',
  'assertion?.lifetimeSeconds?: 10..300',
  'assertion?.claims?',
  'assertion?.bind?: "request" "none"',
  'cors?',
  'cors?.origins',
  'cors?.origins[].env',
  'cors?.credentials?: true',
  'cors?.ignoreHeaders?',
  'servesPages?: true',
  'audit?',
  'audit?.begin?',
  'tokenHeader?',
  'withoutRevocations?: "closed" "open"',
  'forwardHeaders?',
  'exposeHeaders?',
  'limits?',
  'limits?.bodyBytes?: 1..104857600',
  'limits?.firstByteSeconds?: 1..3600',
  'limits?.idleSeconds?: 5..86400',
  'limits?.heartbeatSeconds?: 0..300',
  'limits?.runSeconds?: 1..86400',
  'limits?.streamSeconds?: 1..604800',
  'limits?.expiryGraceSeconds?: 0..3600',
  'limits?.endRunsAtExpiry?',
]

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
}

const partsOf = ({ anyOf = [], oneOf = [] }: Schema): readonly Schema[] => [...anyOf, ...oneOf]

function valuesOf(schema: Schema): readonly string[] {
  const { enum: names = [], minimum, maximum } = schema
  return [
    ...partsOf(schema).flatMap(valuesOf),
    ...names.map((name) => JSON.stringify(name)),
    ...('const' in schema ? [JSON.stringify(schema.const)] : []),
    ...(minimum === undefined && maximum === undefined ? [] : [`${minimum ?? ''}..${maximum ?? ''}`]),
  ]
}

function collect(schema: Schema, at: string, found: Map<string, Set<string>>): void {
  const add = (path: string, part: Schema) => {
    const values = found.get(path) ?? new Set()
    for (const value of valuesOf(part)) values.add(value)
    if (values.size > 0 || !path.endsWith('[]')) found.set(path, values)
    collect(part, path, found)
  }
  for (const part of partsOf(schema)) collect(part, at, found)
  if (schema.items) add(`${at}[]`, schema.items)
  for (const [name, part] of Object.entries(schema.properties ?? {}))
    add(`${at === '' ? '' : `${at}.`}${name}${schema.required?.includes(name) ? '' : '?'}`, part)
}

it('the JSON Schema of a route has exactly the listed members and values', () => {
  const found = new Map<string, Set<string>>()
  collect(routeJsonSchema() as Schema, '', found)
  const lines = [...found].map(([path, values]) => (values.size > 0 ? `${path}: ${[...values].join(' ')}` : path))
  expect(lines).toEqual(MEMBERS)
})
