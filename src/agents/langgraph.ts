import { Refusal } from '../errors/refusal'
import type { Principal } from '../token/principal'
import {
  type Adapter,
  type Endpoint,
  isObject,
  type Json,
  type JsonObject,
  plainName,
  removeSpellings,
  withoutNames,
} from './adapter'
import { describe, headersOf, identityHeaders } from './identity'

const read = (operation: string, path: string): Endpoint => ({ operation, method: 'GET', path })
const post = (operation: string, path: string): Endpoint => ({ operation, method: 'POST', path, body: 'json' })
const closed = (endpoint: Endpoint): Endpoint => ({ ...endpoint, closed: true })

/**
 * The API of a LangGraph server. Closed unless a route opens them: what changes assistants (one forged assistant's
 * configuration reaches everybody's runs), the store and crons (the server keeps them apart for nobody), and endpoints that
 * tell about the server. `/internal`, `/metrics`, `/docs`, `/ui`, `/mcp` and `/a2a` are not listed at all.
 */
const endpoints: readonly Endpoint[] = [
  post('assistants.search', '/assistants/search'),
  post('assistants.count', '/assistants/count'),
  read('assistants.read', '/assistants/:assistant'),
  read('assistants.read', '/assistants/:assistant/graph'),
  read('assistants.read', '/assistants/:assistant/subgraphs'),
  read('assistants.read', '/assistants/:assistant/subgraphs/:namespace'),
  read('assistants.read', '/assistants/:assistant/schemas'),
  post('assistants.read', '/assistants/:assistant/versions'),
  closed(post('assistants.create', '/assistants')),
  closed({ operation: 'assistants.update', method: 'PATCH', path: '/assistants/:assistant', body: 'json' }),
  closed(post('assistants.update', '/assistants/:assistant/latest')),
  closed({ operation: 'assistants.delete', method: 'DELETE', path: '/assistants/:assistant' }),

  post('threads.create', '/threads'),
  post('threads.search', '/threads/search'),
  post('threads.count', '/threads/count'),
  read('threads.read', '/threads/:thread'),
  { operation: 'threads.update', method: 'PATCH', path: '/threads/:thread', body: 'json' },
  { operation: 'threads.delete', method: 'DELETE', path: '/threads/:thread' },
  post('threads.copy', '/threads/:thread/copy'),
  read('threads.read', '/threads/:thread/state'),
  read('threads.read', '/threads/:thread/state/:checkpoint'),
  post('threads.read', '/threads/:thread/state/checkpoint'),
  post('threads.update', '/threads/:thread/state'),
  read('threads.read', '/threads/:thread/history'),
  post('threads.read', '/threads/:thread/history'),
  read('threads.stream', '/threads/:thread/stream'),

  read('run.list', '/threads/:thread/runs'),
  post('run.create', '/threads/:thread/runs'),
  post('run.stream', '/threads/:thread/runs/stream'),
  post('run.wait', '/threads/:thread/runs/wait'),
  read('run.read', '/threads/:thread/runs/:run'),
  { operation: 'run.delete', method: 'DELETE', path: '/threads/:thread/runs/:run' },
  read('run.join', '/threads/:thread/runs/:run/join'),
  read('run.join', '/threads/:thread/runs/:run/stream'),
  post('run.cancel', '/threads/:thread/runs/:run/cancel'),
  post('run.create', '/runs'),
  post('run.stream', '/runs/stream'),
  post('run.wait', '/runs/wait'),
  post('run.batch', '/runs/batch'),
  post('run.cancel', '/runs/cancel'),
  read('run.join', '/runs/:run/stream'),
  post('run.command', '/threads/:thread/commands'),
  post('threads.stream', '/threads/:thread/stream/events'),

  closed(post('crons.create', '/threads/:thread/runs/crons')),
  closed(post('crons.create', '/runs/crons')),
  closed(post('crons.search', '/runs/crons/search')),
  closed(post('crons.count', '/runs/crons/count')),
  closed({ operation: 'crons.update', method: 'PATCH', path: '/runs/crons/:cron', body: 'json' }),
  closed({ operation: 'crons.delete', method: 'DELETE', path: '/runs/crons/:cron' }),

  closed({ operation: 'store.put', method: 'PUT', path: '/store/items', body: 'json' }),
  closed(read('store.read', '/store/items')),
  closed({ operation: 'store.delete', method: 'DELETE', path: '/store/items', body: 'json' }),
  closed(post('store.search', '/store/items/search')),
  closed(post('store.list', '/store/namespaces')),

  read('info', '/info'),
  closed(read('health', '/ok')),
]

/** The user as `@auth.authenticate` would have returned it, with the names that LangGraph's own types use. */
const langgraphUser = {
  identity: 'user_id',
  display_name: 'name',
  email: 'email',
  permissions: 'scopes',
  roles: 'roles',
  tenant: 'tenant',
}

const STARTS_RUN = new Set([
  'run.create',
  'run.stream',
  'run.wait',
  'run.batch',
  'run.command',
  'crons.create',
  'crons.update',
])

const IDENTITY_NAMES = new Set(Object.keys(identityHeaders).map(plainName))
/**
 * LangGraph copies `x-*` headers into `configurable`; the server's own names there begin with two underscores. The last two are
 * what it takes from tracing headers.
 */
const FORGED_CONFIGURABLE = /^(?:x-.*|user[-_.]?id|__.*|langsmith-.*|baggage)$/i

export const langgraph: Adapter = {
  kind: 'langgraph',
  endpoints,
  identity: { assertion: 'bearer', headers: true, state: false, forwardedProps: {}, langgraphAuthUser: false },
  // A reader loop costs four times the native pump; LangGraph's clients join a lost stream again by themselves.
  heartbeatSeconds: 0,

  rewrite(body, { operations, channels, principal }) {
    const isCommand = operations.includes('run.command')
    const identity: JsonObject = {
      // A command starts its run without looking at headers, so what they would have said goes with it.
      ...(isCommand && channels.headers && headersOf(principal)),
      ...(operations.some((each) => STARTS_RUN.has(each)) && channels.langgraphAuthUser && authUserOf(principal)),
    }
    const rewriteOne = (one: Json): Json => {
      if (!isObject(one)) throw new Refusal('body-invalid', 'not an object')
      removeForged(one)
      if (isObject(one.params)) removeForged(one.params)
      // Only a command has its run in `params`; elsewhere a member of that name is nothing to the server.
      const run = isCommand ? one.params : one
      if (isObject(run) && Object.keys(identity).length > 0) inject(run, identity)
      return one
    }
    return Array.isArray(body) ? body.map(rewriteOne) : rewriteOne(body)
  },

  operationsOf({ endpoint, query, body }) {
    const runs = (Array.isArray(body) ? body : [body])
      .filter(isObject)
      .flatMap((one) => [one, one.params].filter(isObject))
    return [
      endpoint.operation,
      ...(runs.some((run) => run.if_not_exists === 'create') ? ['threads.create'] : []),
      ...(query.get('action') === 'rollback' || runs.some((run) => run.multitask_strategy === 'rollback')
        ? ['run.delete']
        : []),
    ]
  },

  threadOf(params, body) {
    if (params.thread !== undefined) return decodeURIComponent(params.thread)
    return isObject(body) && typeof body.thread_id === 'string' ? body.thread_id : undefined
  },

  injectedNames: ({ langgraphAuthUser }) =>
    langgraphAuthUser ? ['langgraph_auth_user', 'langgraph_auth_user_id', 'langgraph_auth_permissions'] : [],
  scrub: withoutNames,

  brokenStream: (code, message) => `event: error\ndata: ${JSON.stringify({ error: code, message })}\n\n`,
}

/** Takes out what LangGraph would read as configuration or as identity: of a run, its context, its checkpoint, its metadata. */
function removeForged(part: JsonObject): void {
  // The server would call this address itself, with whatever the run produced.
  if (part.webhook !== undefined && part.webhook !== null)
    throw new Refusal('field-forbidden', 'webhook', { field: 'webhook' })
  // It would write the run into a tracing project of the caller's choice.
  delete part.langsmith_tracer
  const config = isObject(part.config) ? part.config : undefined
  for (const holder of [config?.configurable, part.context, part.checkpoint]) {
    if (!isObject(holder)) continue
    for (const key of Object.keys(holder)) if (FORGED_CONFIGURABLE.test(key)) delete holder[key]
    removeSpellings(holder, IDENTITY_NAMES)
  }
  // Graphs and tracers read metadata too; a `user_id` there is the caller's own filter.
  for (const holder of [part.metadata, config?.metadata]) if (isObject(holder)) removeSpellings(holder, IDENTITY_NAMES)
}

/** What LangGraph's own authentication would have put there; for nobody, nobody: a run inherits what is missing. */
function authUserOf(principal: Principal | undefined): JsonObject {
  const user = principal && describe(principal, langgraphUser)
  return {
    langgraph_auth_user: user ? { is_authenticated: true, ...user } : null,
    langgraph_auth_user_id: user?.identity ?? '',
    langgraph_auth_permissions: user?.permissions ?? [],
  }
}

function inject(run: JsonObject, identity: JsonObject): void {
  const config = isObject(run.config) ? run.config : {}
  const configurable = isObject(config.configurable) ? config.configurable : {}
  run.config = { ...config, configurable: { ...configurable, ...identity } }
}
