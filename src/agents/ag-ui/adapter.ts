import { Refusal } from '../../errors/refusal'
import { isObject, type Json, plainName, refuseOtherSpellings, removeSpellings, withoutNames } from '../../json'
import type { Adapter } from '../adapter'
import { post, read, type WhoseOf } from '../endpoints'
import {
  assertionOnly,
  authUser,
  describe,
  FORGED_NAMES,
  forgedNames,
  type IdentityChannels,
  namesInState,
} from '../identity'
import { identityRemoved } from '../identity-removed'
import { rules } from './threads'

/** AG-UI has one endpoint, the run; the rest is what its servers have beside it. */
const endpoints = [
  post('run.stream', '/', 'input', { streams: true }),
  read('capabilities', '/', 'nobody'),
  read('capabilities', '/capabilities', 'nobody'),
  read('health', '/health', 'nobody'),
]

export type AgUiAdapter = Adapter<WhoseOf<typeof endpoints>>

/**
 * Members of `forwardedProps` that callers may not set, beside names that mean identity: tokens, and members that make a runtime call an
 * address, change its configuration, trace elsewhere or end other runs. Agents that spread these into a run do as they are told.
 */
const FORBIDDEN_PROPS = new Set(
  [
    'authorization',
    'webhook',
    'config',
    'context',
    'metadata',
    'headers',
    'mcp_servers',
    'mcp_endpoints',
    '__proxied_mcp_request',
    'langsmith_tracer',
    'multitask_strategy',
    'if_not_exists',
    'on_completion',
    'on_disconnect',
  ].map(plainName),
)

/** Where Python servers take the snake_case spelling too. */
const PROPS_NAMES = ['forwardedProps', 'forwarded_props']

/** The members of `RunAgentInput` (AG-UI 1.0) by their plain names. */
const MEMBERS = new Set(
  [
    'threadId',
    'runId',
    'parentRunId',
    'protocolVersion',
    'state',
    'messages',
    'tools',
    'context',
    'forwardedProps',
    'resume',
  ].map(plainName),
)

/** Any other AG-UI agent; AG2 and Microsoft Agent Framework differ only in where they look for the user. */
export const agUi: AgUiAdapter = {
  kind: 'ag-ui',
  endpoints,
  identity: assertionOnly,
  bodyChannels: ['state', 'forwardedProps'],
  heartbeatSeconds: 15,

  rewrite(body, _call, { channels, principal }) {
    if (!isObject(body)) throw new Refusal('body-invalid', 'RunAgentInput is not an object')
    removeSpellings(body, FORGED_NAMES)
    refuseOtherSpellings(body, MEMBERS)
    const state = body.state ?? undefined
    const forged = forgedNames(channels)
    if (isObject(state)) removeSpellings(state, forged)
    for (const name of PROPS_NAMES) {
      const props = body[name]
      if (!isObject(props)) continue
      removeSpellings(props, FORBIDDEN_PROPS)
      removeSpellings(props, forged)
    }
    if (!principal) return body

    if (channels.state !== false) {
      if (state !== undefined && !isObject(state)) throw new Refusal('body-invalid', 'state is not an object')
      const described = describe(principal, channels.state.fields)
      const { key } = channels.state
      body.state = { ...state, ...(key === undefined ? described : { [key]: described }) }
    }
    const props = describe(principal, channels.forwardedProps)
    if (Object.keys(props).length > 0) {
      const given = body.forwardedProps ?? body.forwarded_props ?? {}
      if (!isObject(given)) throw new Refusal('body-invalid', 'forwardedProps is not an object')
      body.forwardedProps = { ...given, ...props }
      delete body.forwarded_props
    }
    return body
  },

  takeTokens(body) {
    if (!isObject(body)) return []
    return PROPS_NAMES.flatMap((name) => {
      const props = body[name]
      if (!isObject(props)) return []
      const given = Object.keys(props).filter((key) => plainName(key) === 'authorization')
      const tokens = given.map((key) => props[key] as Json)
      for (const key of given) delete props[key]
      return tokens
    })
  },

  threads: { rules },
  threadOf({ body }) {
    const thread = isObject(body) ? (body.threadId ?? body.thread_id) : undefined
    return typeof thread === 'string' ? thread : undefined
  },

  /**
   * Identity comes back in `RUN_STARTED.input`, in snapshots and deltas of the state, and in raw and custom events. Members
   * of these names are removed at any depth, and so are the JSON Patch operations (RFC 6902) that touch them.
   */
  identityRemoved(channels) {
    const names = [...namesInState(channels), ...Object.keys(channels.forwardedProps)]
    return identityRemoved(names, (value) => withoutNames(withoutPatches(value, names), names))
  },

  brokenStream: (code, message) => `data: ${JSON.stringify({ type: 'RUN_ERROR', message, code })}\n\n`,
  isLast: (data) => isObject(data) && (data.type === 'RUN_FINISHED' || data.type === 'RUN_ERROR'),
}

/** Microsoft Agent Framework and AG2 read `state.auth_user`, and their HTTP layer may verify a bearer. */
export const stateIdentity: IdentityChannels = {
  ...assertionOnly,
  assertion: 'bearer',
  state: { key: 'auth_user', fields: authUser },
}

/** The value without such operations, in whatever list they stand: raw events carry deltas too. It changes what it is given. */
function withoutPatches(value: Json, names: readonly string[]): Json {
  if (Array.isArray(value)) {
    const remaining = value.filter((item) => !touches(item, names))
    if (remaining.length < value.length) {
      value.length = 0
      for (const item of remaining) value.push(item)
    }
  }
  if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) withoutPatches(item, names)
  return value
}

function touches(item: Json, names: readonly string[]): boolean {
  if (!isObject(item) || typeof item.op !== 'string') return false
  return [item.path, item.from].some((pointer) => typeof pointer === 'string' && pointerHas(pointer, names))
}

/** RFC 6901: `~1` is a slash, `~0` a tilde. */
function pointerHas(pointer: string, names: readonly string[]): boolean {
  return pointer.split('/').some((token) => names.includes(token.replaceAll('~1', '/').replaceAll('~0', '~')))
}
