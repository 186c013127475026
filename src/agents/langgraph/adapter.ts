import type { Principal } from '../../authentication/principal'
import { Refusal } from '../../errors/refusal'
import { isObject, type Json, type JsonObject, plainName, removeSpellings } from '../../json'
import { all, cutFrom, items, members, removed } from '../../json-edit'
import type { Adapter } from '../adapter'
import { assertionOnly, CONFIGURATIONS, describe, FORGED_NAMES, headersOf, identityHeaders } from '../identity'
import { identityRemoved } from '../identity-removed'
import { operationsOfMembers } from '../members'
import { endpoints, type Whose } from './endpoints'
import { rules } from './threads'

/**
 * The fields of the user that `@auth.authenticate` would have returned. The names are those of
 * LangGraph's own types.
 */
const langgraphUser = {
  identity: 'user_id',
  display_name: 'name',
  email: 'email',
  permissions: 'scopes',
  roles: 'roles',
  tenant: 'tenant',
}

const IDENTITY_NAMES = new Set(Object.keys(identityHeaders).map(plainName))
/**
 * Matches the names in `configurable` that callers may not set. LangGraph copies `x-*` headers into
 * it, and `langsmith-*` and `baggage` from tracing headers. The server's own names begin with two
 * underscores.
 */
const FORGED_CONFIGURABLE = /^(?:x-.*|user[-_.]?id|__.*|langsmith-.*|baggage)$/i

export const langgraph: Adapter<Whose> = {
  kind: 'langgraph',
  endpoints,
  identity: { ...assertionOnly, assertion: 'bearer', headers: true },
  bodyChannels: ['langgraphAuthUser'],
  // To send heartbeats, the gateway would have to read each stream. That costs several times as
  // much as passing it on unread. LangGraph's clients rejoin a lost stream by themselves.
  heartbeatSeconds: 0,
  // In addition to the token, LangGraph's web pages send an API key of LangGraph's platform, or an
  // empty key.
  ignoredHeaders: ['x-api-key', 'x-auth-scheme'],

  rewrite(body, { endpoint }, { channels, principal }) {
    const isCommand = endpoint.operation === 'run.command'
    const identity: JsonObject = {
      // For a command, the server starts a run without reading the headers. So the gateway puts the
      // values of the identity headers into the body.
      ...(isCommand && channels.headers && headersOf(principal)),
      ...(endpoint.startsRun && channels.langgraphAuthUser && authUserOf(principal)),
    }
    const rewriteOne = (one: Json): Json => {
      if (!isObject(one)) throw new Refusal('body-invalid', 'not an object')
      removeForged(one)
      if (isObject(one.params)) removeForged(one.params)
      // Only a command describes its run in `params`. In other requests the server ignores
      // `params`.
      const run = isCommand ? one.params : one
      if (isObject(run) && Object.keys(identity).length > 0) inject(run, identity)
      return one
    }
    return Array.isArray(body) ? body.map(rewriteOne) : rewriteOne(body)
  },

  operationsOf: (call, threads) => [
    ...new Set([call.endpoint.operation, ...operationsOfMembers(call, call.endpoint.members ?? [], threads)]),
  ],

  // `Last-Event-ID` may pass, because callers can join only their own runs, and each run has its
  // own events.
  threads: { rules, resumes: true },
  threadOf({ params, body }) {
    if (params.thread !== undefined) return decodeURIComponent(params.thread)
    return isObject(body) && typeof body.thread_id === 'string' ? body.thread_id : undefined
  },

  // A server with its own authentication creates its user from the assertion, and stores this user
  // too.
  identityRemoved: ({ assertion, headers, langgraphAuthUser }) =>
    identityRemoved(assertion !== 'off' || headers || langgraphAuthUser ? KEPT_NAMES : [], {
      event: all(withoutKept, inMessage),
      answer: withoutKept,
    }),

  brokenStream: (code, message) => `event: error\ndata: ${JSON.stringify({ error: code, message })}\n\n`,
}

/**
 * Removes members that LangGraph would read as configuration or as identity. It looks at a run and
 * at the run's context, checkpoint and metadata.
 */
function removeForged(part: JsonObject): void {
  // The server would send the result of the run to this address.
  if (part.webhook !== undefined && part.webhook !== null)
    throw new Refusal('field-forbidden', 'webhook', { field: 'webhook' })
  // The server would write the run into a tracing project that the caller chose.
  delete part.langsmith_tracer
  const config = isObject(part.config) ? part.config : undefined
  for (const holder of [config?.configurable, part.context, part.checkpoint]) {
    if (!isObject(holder)) continue
    for (const key of Object.keys(holder)) if (FORGED_CONFIGURABLE.test(key)) delete holder[key]
    removeSpellings(holder, FORGED_NAMES)
  }
  // Graphs and tracing tools read metadata too. A `user_id` stays in metadata, because callers use
  // it as a filter of their own.
  for (const holder of [part.metadata, config?.metadata]) if (isObject(holder)) removeSpellings(holder, IDENTITY_NAMES)
}

const AUTH_USER_NAMES = ['langgraph_auth_user', 'langgraph_auth_user_id', 'langgraph_auth_permissions']

/**
 * The names under which a server stores the person who started a run. Every reader of the thread
 * would receive them.
 */
const KEPT_NAMES = [...AUTH_USER_NAMES, ...Object.keys(identityHeaders)]
const withoutKept = cutFrom(CONFIGURATIONS, new Set(KEPT_NAMES))
/**
 * Removes identity from the metadata of a message. The stream mode `messages` sends pairs of a
 * message and its metadata.
 */
const inMessage = items((item, index) =>
  index === 1 ? members(Object.fromEntries(KEPT_NAMES.map((name) => [name, removed])))(item) : item,
)

/**
 * Returns the fields that LangGraph's own authentication sets. Without a user, the fields are
 * present but null or empty, because a later run inherits fields that it does not receive.
 */
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
