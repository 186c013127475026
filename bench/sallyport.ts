import type { Agent, Issuer, Policy, Route } from '../src/config/define.ts'
import { freePort } from '../test/support/port.ts'
import { type Exchange, langgraphRun, runInput, THREAD, toolCall } from './exchange.ts'
import type { Running } from './process.ts'
import { signingKeys } from './signing-keys.ts'
import { AUDIENCE } from './tokens.ts'
import { startWorker } from './workerd.ts'
import type { World } from './world.ts'

/** The addresses of the bench's agent and identity providers, which the gateway's routes need. */
export type RouteWorld = Pick<World, 'originUrl' | 'issuers' | 'jwksUri'>

export type Binding = 'none' | 'request'
type Kind = 'http' | 'langgraph' | 'ag-ui' | 'mcp' | 'copilotkit'

export const issuerOf = (world: RouteWorld, index = 0, jwksUri = world.jwksUri): Issuer => ({
  id: `login-${index}`,
  issuer: world.issuers[index] ?? '',
  audience: [AUDIENCE],
  algorithms: ['RS256', 'ES256', 'EdDSA'],
  jwksUri,
  ...(index > 0 && { subjectPrefix: `login-${index}|` }),
})

/**
 * Returns a policy. All its conditions hold for the caller, so that every evaluation runs to its
 * end.
 */
export const policyOf = (index: number): Policy => ({
  id: `members-${index}`,
  allow: [{ name: 'members', operations: ['*'], when: { all: [{ role: 'member' }, { caller: 'user' }] } }],
  deny: [{ name: 'other tenants', operations: ['*'], when: { not: { tenant: 'acme' } } }],
  examples: [
    { as: { roles: ['member'], tenant: 'acme' }, does: 'run.stream', expect: 'allow' },
    { as: {}, does: 'run.stream', expect: 'deny' },
  ],
})

export const routeOf = (world: RouteWorld, kind: Kind, more: Partial<Route> = {}): Route => ({
  id: kind,
  path: `/agents/${kind}`,
  agent: agentOf(kind, world.originUrl),
  trust: [issuerOf(world)],
  policies: [policyOf(0)],
  limits: { bodyBytes: 4 * 1024 * 1024 },
  ...(kind === 'http' && { identity: { headers: true } }),
  ...(kind === 'ag-ui' && { identity: { state: { key: 'auth_user' } } }),
  ...more,
})

const agentOf = (kind: Kind, url: string): Agent =>
  kind === 'http'
    ? { kind, origin: { url }, endpoints: [{ operation: 'documents.read', method: 'GET', path: '/*' }] }
    : { kind, origin: { url } }

/** A typical request to an agent of each kind. */
export const exchanges = {
  http: { method: 'GET', path: '/agents/http/documents/1' },
  langgraph: { method: 'GET', path: '/agents/langgraph/assistants/agent' },
  'langgraph thread': { method: 'GET', path: `/agents/langgraph/threads/${THREAD}` },
  'langgraph new thread': { method: 'GET', path: '/agents/langgraph/threads/{thread}' },
  'langgraph run': {
    method: 'POST',
    path: `/agents/langgraph/threads/${THREAD}/runs/stream`,
    query: '?n=10',
    body: langgraphRun,
  },
  'ag-ui 2 KB': { method: 'POST', path: '/agents/ag-ui', query: '?n=10', body: runInput(2_000) },
  'ag-ui 20 KB': { method: 'POST', path: '/agents/ag-ui', query: '?n=10', body: runInput(20_000) },
  'ag-ui 1 MB': { method: 'POST', path: '/agents/ag-ui', query: '?n=10', body: runInput(1_000_000) },
  mcp: { method: 'POST', path: '/agents/mcp', body: toolCall },
  copilotkit: { method: 'POST', path: '/agents/copilotkit/agent/default/run', query: '?n=10', body: runInput(2_000) },
} as const satisfies Record<string, Exchange>

const kinds = ['http', 'langgraph', 'ag-ui', 'mcp', 'copilotkit'] as const

export const usualRoutes = (world: World, bind: Binding): Route[] =>
  kinds.map((kind) => routeOf(world, kind, { assertion: { bind } }))

/**
 * Starts the gateway in workerd. @param outputFile receives the audit lines, which are lost
 * otherwise
 */
export async function startSallyport(
  world: { readonly bundles: Pick<World['bundles'], 'sallyport'> },
  name: string,
  routes: readonly Route[],
  outputFile?: string,
): Promise<Running> {
  const port = await freePort()
  return startWorker({
    name,
    port,
    // At the start, the gateway compares ten thousand routes with each other.
    startSeconds: 180,
    code: world.bundles.sallyport,
    ...(outputFile !== undefined && { outputFile }),
    env: {
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      ENVIRONMENT: 'development',
      SIGNING_KEYS: JSON.stringify(await signingKeys()),
      THREAD_SECRET: 'a secret of these measurements, of no use elsewhere',
      BENCH_ROUTES: JSON.stringify(routes),
    },
  })
}
