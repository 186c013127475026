import type { Agent } from '../../../config/define'
import type { LoadedRoute } from '../../../config/loaded-route'
import type { Shown } from './shown'

/**
 * The request that the form on the page of `sallyport dev` shows at first. The form is for kinds of
 * agents without a conversation.
 */
interface FirstRequest {
  readonly method: string
  /** The path, relative to the route. */
  readonly path: string
  readonly body?: unknown
}

/**
 * The way in which the page of `sallyport dev` talks to a kind of agent: with a protocol, or with a
 * form that shows a first request.
 */
type Talk = 'langgraph' | 'ag-ui' | FirstRequest

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'sallyport-dev', version: '1.0.0' },
  },
}

/**
 * The way in which the page talks to each kind of agent. `http` is missing because such routes
 * define their own endpoints.
 */
const talks: Readonly<Record<Exclude<Agent['kind'], 'http'>, Talk>> = {
  langgraph: 'langgraph',
  ag2: 'ag-ui',
  maf: 'ag-ui',
  'ag-ui': 'ag-ui',
  copilotkit: { method: 'GET', path: '/info' },
  mcp: { method: 'POST', path: '', body: initialize },
  a2a: { method: 'GET', path: '/.well-known/agent-card.json' },
}

const talkOf = (agent: Agent | undefined): Talk =>
  agent === undefined || agent.kind === 'http' ? firstOf(agent?.endpoints ?? []) : talks[agent.kind]

function firstOf(endpoints: readonly Pick<FirstRequest, 'method' | 'path'>[]): FirstRequest {
  const first = endpoints.find(({ method }) => method === 'GET') ?? endpoints[0]
  const { method = 'GET', path = '' } = first ?? {}
  return { method, path: path.replace('*', ''), ...(/^(?:POST|PUT|PATCH)$/.test(method) && { body: {} }) }
}

/**
 * Returns everything that the page of `sallyport dev` needs, such as the current routes and the
 * people who can sign in on this machine.
 */
export function pageState({ addresses, people, liveness, notices, current }: Shown) {
  const { configuration, local, routes } = current.staged
  const routeState = ({ id, path, adapter, origin, isPublic, tokenHeader }: LoadedRoute) => ({
    id,
    path,
    kind: adapter.kind,
    agent: origin.host + origin.root,
    listens: liveness.of(id),
    isPublic,
    isForLocalPeople: local.includes(id),
    tokenHeader,
    talk: talkOf(routes.find((route) => route.id === id)?.agent),
    notices: notices.of(id),
  })
  return {
    gateway: addresses.gateway,
    people: people.all.map(({ sub, name, roles = [], tenant }) => ({ sub, name, roles, tenant })),
    routes: [...configuration.routes.values()].map(routeState),
  }
}
