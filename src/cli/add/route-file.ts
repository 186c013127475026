import type { Agent } from '../../config/define'
import { identifier } from '../identifier'

/** The settings of a route that `sallyport add` chooses. */
export interface NewRoute {
  readonly kind: Agent['kind']
  readonly id: string
  /** The name of the variable that contains the agent's address. */
  readonly variable: string
  readonly trust: readonly string[]
  readonly policies: readonly string[]
}

/**
 * The lines of a new route's `agent` that follow `kind` and `origin`, by the kind of agent. For the
 * kind `http`, the route must list the endpoints, because the protocol is unknown.
 */
const more: Readonly<Partial<Record<Agent['kind'], readonly string[]>>> = {
  http: [
    'endpoints: [',
    "  { operation: 'read', method: 'GET', path: '/*' },",
    "  { operation: 'write', method: 'POST', path: '/*' },",
    '],',
  ],
}

/** The `identity` setting of a new route, by the kind of agent. Undefined: the default is right. */
const identity: Readonly<Record<Agent['kind'], string | undefined>> = {
  langgraph: undefined,
  ag2: undefined,
  maf: undefined,
  copilotkit: undefined,
  'ag-ui': "{ state: { key: 'auth_user' } }",
  mcp: '{ headers: true }',
  a2a: '{ headers: true }',
  http: '{ headers: true }',
}

/**
 * Texts that say where an agent of each kind finds the user's identity, and which setting it needs.
 */
export const atTheAgent: Readonly<Record<Agent['kind'], string>> = {
  langgraph:
    'A Python server finds the user with "http": { "configurable_headers": { "includes": ["x-user-*"] } } in langgraph.json; a JavaScript server needs nothing.',
  ag2: 'Tools read the user at context_variables["auth_user"] (0.x) or ctx.variables["auth_user"] (1.x).',
  maf: 'Python tools read the user at state["auth_user"]. In .NET, add AddJwtBearer: it sets HttpContext.User.',
  'ag-ui': 'The agent finds the user at state.auth_user of each run.',
  copilotkit:
    "The runtime gets the user in the headers x-user-*. A runtime with one endpoint (Next.js, Node http) needs agent.style: 'single-route'.",
  mcp: 'The server gets the user in the headers x-user-*.',
  a2a: 'The agent gets the user in the headers x-user-*.',
  http: 'The agent gets the user in the headers x-user-*.',
}

/** Returns the text of routes/ID.ts, the file of a new route. */
export function routeFile({ kind, id, variable, trust, policies }: NewRoute): string {
  const imports = [...trust, ...policies].sort().map((name) => `import ${identifier(name)} from '../policies/${name}'`)
  const extra = more[kind]?.map((line) => `    ${line}\n`).join('') ?? ''
  const agent = extra
    ? `{\n    kind: '${kind}',\n    origin: { env: '${variable}' },\n${extra}  }`
    : `{ kind: '${kind}', origin: { env: '${variable}' } }`
  const user = identity[kind] === undefined ? '' : `  identity: ${identity[kind]},\n`
  return `import { defineRoute } from 'sallyport'
${imports.join('\n')}

/** ${atTheAgent[kind]} */
export default defineRoute({
  id: '${id}',
  path: '/agents/${id}',
  agent: ${agent},
  trust: [${trust.map(identifier).join(', ')}],
  policies: [${policies.map(identifier).join(', ')}],
${user}  // To let web pages call this route, list their origins: cors: { origins: ['https://app.acme.com'] }
})
`
}
