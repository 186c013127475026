import type { Adapter } from '../../../agents/adapter'
import type { Agent } from '../../../config/define'
import type { LoadedRoute } from '../../../config/loaded-route'
import type { Shown } from './shown'

/** A request to begin with, where a kind has no conversation. */
interface FirstRequest {
  readonly method: string
  /** Below the route. */
  readonly path: string
  readonly body?: unknown
}

/** How the page talks to an agent of a kind; a request is what its form has in it at first. */
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

/** By kind. A kind that is not here has endpoints of its own, as its route lists them. */
const talks: Readonly<Record<string, Talk>> = {
  langgraph: 'langgraph',
  ag2: 'ag-ui',
  maf: 'ag-ui',
  'ag-ui': 'ag-ui',
  copilotkit: { method: 'GET', path: '/info' },
  mcp: { method: 'POST', path: '', body: initialize },
  a2a: { method: 'GET', path: '/.well-known/agent-card.json' },
}

const talkOf = ({ kind }: Adapter, agent: Agent | undefined): Talk =>
  talks[kind] ?? firstOf(agent && 'endpoints' in agent ? agent.endpoints : [])

function firstOf(endpoints: readonly Pick<FirstRequest, 'method' | 'path'>[]): FirstRequest {
  const first = endpoints.find(({ method }) => method === 'GET') ?? endpoints[0]
  const { method = 'GET', path = '' } = first ?? {}
  return { method, path: path.replace('*', ''), ...(/^(?:POST|PUT|PATCH)$/.test(method) && { body: {} }) }
}

/** All that the page has to know: routes as they are in force, and people who can sign in here. */
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
    talk: talkOf(adapter, routes.find((route) => route.id === id)?.agent),
    notices: notices.of(id),
  })
  return {
    gateway: addresses.gateway,
    people: people.all.map(({ sub, name, roles = [], tenant }) => ({ sub, name, roles, tenant })),
    routes: [...configuration.routes.values()].map(routeState),
  }
}
