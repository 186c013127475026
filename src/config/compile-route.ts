import { compileEndpoints } from '../agents/endpoint-tree'
import type { BodyOperation, Endpoint, Method } from '../agents/endpoints'
import { authUser, type IdentityChannels } from '../agents/identity'
import { adapterOf } from '../agents/kinds'
import { EVERYBODY } from '../agents/thread-isolation'
import { defaultSigningAlgorithm } from '../assertion/algorithms'
import { credentialHeadersOf } from '../authentication/kinds'
import { rateLimitPolicy } from '../limits/rate'
import { covers, unnamed } from '../policy/operation'
import type { Ports } from '../ports'
import { WebOrigins } from '../request/web-origins'
import type { Sharing } from '../threads/owner'
import type { Agent, IdentityOptions, Route } from './define'
import { addressOf, type Environment, openOrigin, originUrl, variable } from './env'
import { compileLimits } from './limits'
import type { LoadedRoute } from './loaded-route'
import { compileRates } from './rates'
import { compileTrust } from './trust'

/** Reply headers that keep a browser from running a reply as a page of the gateway's own origin. */
const NOTHING_RUNS = { 'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'" }
/**
 * Reply headers that also keep other sites from embedding a reply. They are not needed if requests
 * must have a token in a header, because other sites cannot send this header.
 */
const NOTHING_IS_SHOWN = { ...NOTHING_RUNS, 'cross-origin-resource-policy': 'same-origin' }

/** Reply headers in which a page declares what it may do, and which sites may embed it. */
const PAGE_HEADERS = ['content-security-policy', 'permissions-policy', 'referrer-policy', 'x-frame-options']

const DEFAULT_LIFETIME_SECONDS = 60

/**
 * Returns a route with every default filled in.
 * @param route already checked by `check.ts`
 */
export function compileRoute(route: Route, environment: Environment, ports: Pick<Ports, 'fetch'>): LoadedRoute {
  const { agent } = route
  const adapter = adapterOf(agent)
  const all = endpointsOf(agent)
  const named = adapter.bodyOperations ?? []
  const rows = new Map(named.map((row) => [row.operation, row]))
  const threads = sharingOf(route)
  const isOpenRow = openRows(agent, threads)
  const isOpen = (endpoint: Endpoint) => endpoint.named === 'in-body' || isOpenRow(endpoint)
  const endpoints = all.filter(isOpen)
  const openNamed = named.filter(isOpenRow).map(({ operation }) => operation)
  const open = new Set([...all.filter(isOpenRow).map(({ operation }) => operation), ...openNamed])
  const origin = openOrigin(agent.origin, originUrl(agent.origin, environment) ?? '', environment, ports)
  const isForOperators = 'object' in agent.origin
  // On a route for operators, the agent is the list of revocations, which stores who made an entry.
  // This agent verifies no assertion, so it gets the caller's identity in headers.
  const usual = isForOperators ? { ...adapter.identity, headers: true, assertion: 'off' as const } : adapter.identity
  const identity = channels(usual, isForOperators ? {} : (route.identity ?? {}))
  const othersRead = adapter.threads !== undefined && !route.public && threads !== 'own'
  const identityRemoved = othersRead ? adapter.identityRemoved?.(identity) : undefined
  const limits = compileLimits(route.limits, adapter)
  const trust = compileTrust(route.trust ?? [], environment)
  const origins = (route.cors?.origins ?? []).map((origin) => addressOf(origin, environment) ?? '')
  const ownOrigin = URL.parse(variable(environment, 'PUBLIC_URL') ?? '')?.origin
  const rates = compileRates(route.policies, environment)
  const ownHeaders = [...(adapter.responseHeaders ?? []), ...(route.exposeHeaders ?? [])]
  const rateHeaders = rates.length > 0 ? ['ratelimit', 'ratelimit-policy'] : []
  const ignored = [...(adapter.ignoredHeaders ?? []), ...(route.cors?.ignoreHeaders ?? [])]
  const forwardHeaders = [...(adapter.requestHeaders ?? []), ...(route.forwardHeaders ?? [])]
  return {
    id: route.id,
    path: route.path,
    isPublic: route.public === true,
    adapter,
    tokenInBody: route.tokenInBody === true,
    isOpen: (opensFirst(route) && adapter.withoutToken?.is) || (() => false),
    threads,
    claimsUnowned: route.unowned === 'claim-by-first',
    endpoints,
    bodyOperations: openNamed,
    find: compileEndpoints(all, isOpen),
    rowOf: (operation) => rows.get(unnamed(operation)),
    offers: (operation) =>
      open.has(unnamed(operation)) && (agent.operations?.some((pattern) => covers(pattern, operation)) ?? true),
    origin,
    credential: agent.credential,
    trust,
    policies: route.policies ?? [],
    identity,
    identityRemoved,
    watchesSilence: limits.heartbeatSeconds > 0,
    place: {
      url: `${variable(environment, 'PUBLIC_URL') ?? ''}${route.path.replace(/\/$/, '')}`,
      prefix: origin.prefix,
    },
    assertion: {
      audience: route.assertion?.audience ?? route.id,
      algorithm: route.assertion?.algorithm ?? defaultSigningAlgorithm,
      lifetimeSeconds: route.assertion?.lifetimeSeconds ?? DEFAULT_LIFETIME_SECONDS,
      claims: route.assertion?.claims ?? [],
      bind: route.assertion?.bind ?? 'request',
    },
    tokenHeader: route.tokenHeader,
    pageOrigins: new WebOrigins([...origins, ...(ownOrigin ? [ownOrigin] : [])]),
    cors: {
      origins: new WebOrigins(origins),
      credentials: route.cors?.credentials === true,
      methods: [...new Set<Method>(endpoints.map(({ method }) => method))],
      headers: [...credentialHeadersOf(trust), ...forwardHeaders, ...ignored],
      exposed: [...ownHeaders, ...rateHeaders],
    },
    forwardHeaders,
    replyHeaders: [...ownHeaders, ...(route.servesPages ? PAGE_HEADERS : [])],
    ownReplyHeaders: ownReplyHeaders(route),
    rates: {
      ofAddresses: rates.filter(({ per }) => per === 'address'),
      ofCallers: rates.filter(({ per }) => per !== 'address'),
      headers: rates.length > 0 ? { 'ratelimit-policy': rateLimitPolicy(rates) } : {},
    },
    limits,
    withoutList: route.withoutRevocations ?? 'closed',
    isForOperators,
    audit: { begin: route.audit?.begin === true },
  }
}

const ownReplyHeaders = ({ servesPages, public: isPublic, tokenInBody }: Route) => {
  if (servesPages) return {}
  return isPublic || tokenInBody ? NOTHING_IS_SHOWN : NOTHING_RUNS
}

const opensFirst = ({ tokenInBody, agent }: Route) => tokenInBody || (agent.kind === 'a2a' && agent.publicCard)

function endpointsOf(agent: Agent): readonly Endpoint[] {
  if (agent.kind !== 'http') return adapterOf(agent).endpoints
  return agent.endpoints.map(({ websocket, ...endpoint }) => ({
    ...endpoint,
    whose: 'nobody',
    ...(endpoint.method !== 'GET' && endpoint.method !== 'HEAD' && { body: 'stream' as const }),
    ...(websocket && { websocket }),
  }))
}

/**
 * Returns who owns the threads: each caller, unless the route says otherwise. Threads are `shared`
 * if the route is public, or if its kind of agent has no threads.
 */
export const sharingOf = (route: Route): Sharing =>
  route.public || !adapterOf(route.agent).threads ? 'shared' : (route.threads ?? 'own')

/**
 * Returns a test for the operations that a route offers: all that are not closed by default, or
 * exactly those that `agent.operations` covers. An operation that reaches the data of all callers
 * is offered only if threads are shared.
 */
function openRows({ operations }: Agent, sharing: Sharing): (row: Endpoint | BodyOperation) => boolean {
  const isShared = sharing === 'shared'
  return ({ operation, whose, closed, closedIfShared }) => {
    if (!isShared && whose === EVERYBODY) return false
    if (!operations) return !closed && !(isShared && closedIfShared)
    return operations.some((pattern) => covers(pattern, operation) || unnamed(pattern) === operation)
  }
}

/**
 * Returns the headers and fields in which an agent receives the caller's identity: the usual ones
 * of the agent's kind, unless the route sets others.
 */
function channels(usual: IdentityChannels, options: IdentityOptions): IdentityChannels {
  const { state, ...given } = options
  const said = Object.entries(given).filter(([, value]) => value !== undefined)
  const ownState = state && { ...state, fields: state.fields ?? authUser }
  return { ...usual, ...Object.fromEntries(said), ...(state !== undefined && { state: ownState }) } as IdentityChannels
}
