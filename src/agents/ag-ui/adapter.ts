import { isObject, type Json, plainName } from '../../json'
import type { Adapter } from '../adapter'
import { post, read, type WhoseOf } from '../endpoints'
import { assertionOnly, authUser, type IdentityChannels } from '../identity'
import { PROPS_NAMES, withIdentity } from './identity-in'
import { withoutIdentity } from './identity-out'
import { rules } from './threads'

/**
 * The endpoints of an AG-UI agent. The protocol defines only the first, the run. Servers add the
 * others.
 */
const endpoints = [
  post('run.stream', '/', 'input', { streams: true }),
  read('capabilities', '/', 'nobody'),
  read('capabilities', '/capabilities', 'nobody'),
  read('health', '/health', 'nobody'),
]

export type AgUiAdapter = Adapter<WhoseOf<typeof endpoints>>

/**
 * The adapter for AG-UI agents. The adapters for AG2 and Microsoft Agent Framework extend it,
 * because those look for the user in another place.
 */
export const agUi: AgUiAdapter = {
  kind: 'ag-ui',
  endpoints,
  identity: assertionOnly,
  bodyChannels: ['state', 'forwardedProps'],
  storesIdentity: true,
  heartbeatSeconds: 15,

  rewrite: (body, _call, identity) => withIdentity(body, identity),

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

  // An error answer may repeat the caller's own input, but only the caller reads it. So it stays
  // unchanged.
  identityRemoved: (channels) => withoutIdentity(channels),

  brokenStream: (code, message) => `data: ${JSON.stringify({ type: 'RUN_ERROR', message, code })}\n\n`,
  isLast: (data) => isObject(data) && (data.type === 'RUN_FINISHED' || data.type === 'RUN_ERROR'),
}

/**
 * The identity for Microsoft Agent Framework and AG2. They read `state.auth_user`, and their HTTP
 * layer may verify a bearer token.
 */
export const stateIdentity: IdentityChannels = {
  ...assertionOnly,
  assertion: 'bearer',
  state: { key: 'auth_user', fields: authUser },
}
