import { Refusal } from '../../errors/refusal'
import { isObject, type Json, plainName, refuseOtherSpellings, removeSpellings } from '../../json'
import type { Edit } from '../../json-edit'
import type { Adapter } from '../adapter'
import type { AnswerChange } from '../answer-change'
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
import { type IdentityPlaces, identityPlaces } from './identity-places'
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

  // An error answer may repeat the caller's own input; nobody else reads it.
  identityRemoved: (channels) => identityIn(channels),

  brokenStream: (code, message) => `data: ${JSON.stringify({ type: 'RUN_ERROR', message, code })}\n\n`,
  isLast: (data) => isObject(data) && (data.type === 'RUN_FINISHED' || data.type === 'RUN_ERROR'),
}

/** Microsoft Agent Framework and AG2 read `state.auth_user`, and their HTTP layer may verify a bearer. */
export const stateIdentity: IdentityChannels = {
  ...assertionOnly,
  assertion: 'bearer',
  state: { key: 'auth_user', fields: authUser },
}

/**
 * Takes identity out of the events of AG-UI, and out of other answers as a kind has them.
 * @param alsoInState more members of the state, under which the agent itself puts it there
 * @param answerOf makes the edit of an answer that is no stream. Absent: such answers are for the caller alone
 */
export function identityIn(
  channels: IdentityChannels,
  {
    alsoInState = [],
    answerOf = () => (text) => text,
  }: {
    readonly alsoInState?: readonly string[]
    readonly answerOf?: (places: IdentityPlaces) => Edit
  } = {},
): AnswerChange | undefined {
  const [inState, inProps] = [namesInState(channels), Object.keys(channels.forwardedProps)]
  const names = [...inState, ...inProps]
  const places = identityPlaces([...inState, ...alsoInState], inProps)
  return identityRemoved(names.length > 0 ? [...names, ...alsoInState] : names, {
    event: places.event,
    answer: answerOf(places),
  })
}
