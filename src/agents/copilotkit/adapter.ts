import { Refusal } from '../../errors/refusal'
import { isObject, type Json, type JsonObject } from '../../json'
import { items, members } from '../../json-edit'
import type { Adapter, Identity } from '../adapter'
import { agUi } from '../ag-ui/adapter'
import { withoutIdentity } from '../ag-ui/identity-out'
import type { Call } from '../call'
import { envelope, type WhoseOf } from '../endpoints'
import { assertionOnly } from '../identity'
import { endpoints, envelopeOperations, findResource } from './endpoints'
import { envelopeRules, rules } from './threads'

/**
 * The operation for each method of an envelope (a body that names its operation). For the method
 * `resource/request`, the path in the envelope decides the operation.
 */
const METHODS: Readonly<Record<string, string>> = {
  info: 'info',
  'agent/run': 'run.stream',
  'agent/suggest': 'run.suggest',
  'agent/connect': 'threads.connect',
  'agent/stop': 'run.cancel',
  transcribe: 'transcribe',
  'inspector/metadata': 'inspector',
  'inspector/learning': 'inspector',
}
/**
 * Matches the paths of `resource/request` that are accepted. The runtime decodes a path, resolves
 * `.` and `..`, and looks only at its end. So a path with `%` or with such segments is refused.
 */
const RESOURCE_PATH = /^(?:\/[A-Za-z0-9_~:@-][A-Za-z0-9._~:@-]*)+(?:\?[^#]*)?$/

/**
 * Thread ids that are refused in a path. The runtime routes by the end of a path, so such an id
 * would lead to another operation.
 */
const ROUTED_BY_SUFFIX = new Set([
  'info',
  'inspector-metadata',
  'inspector-learning',
  'transcribe',
  'cpk-debug-events',
  'run',
  'suggest',
  'connect',
])

type CopilotKitAdapter = Adapter<WhoseOf<typeof endpoints>>

/**
 * The adapter for a CopilotKit runtime (v2) with one address for each operation, which is the
 * default. The runtime forwards `authorization` and `x-*` headers to its agents, so they receive
 * the signed assertion too. Its streams are AG-UI streams.
 *
 * Not checked: the content of a form with audio.
 */
export const copilotkit: CopilotKitAdapter = {
  ...agUi,
  kind: 'copilotkit',
  endpoints,
  identity: { ...assertionOnly, assertion: 'bearer', headers: true },
  // The runtime itself sends a comment every 15 seconds.
  heartbeatSeconds: 0,

  // An app asks for the list of agents before its first message. With `tokenInBody`, only messages
  // carry the token.
  withoutToken: { operation: 'info', is: ({ operation }) => operation === 'info' },

  operationsOf({ endpoint, params, body }) {
    if (ROUTED_BY_SUFFIX.has(params.thread ?? '')) throw new Refusal('operation-unknown')
    // A runtime with a single address would read this body as an envelope (a body that names its
    // operation), at any path.
    if (isObject(body) && 'method' in body) throw new Refusal('body-invalid', 'an envelope')
    return [endpoint.operation]
  },

  rewrite: rewriteInput,

  // Callers can read a stored thread as its state and as its events, so identity is removed from
  // both.
  identityRemoved: (channels) =>
    withoutIdentity(channels, { answerOf: ({ state, event }) => members({ state, events: items(event) }) }),

  threads: { rules },
  threadOf(call) {
    const { thread } = call.params
    return thread === undefined ? agUi.threadOf(call) : decodeURIComponent(thread)
  },
}

/**
 * The adapter for a CopilotKit runtime with one address for all operations. The body is an envelope
 * that names the operation.
 */
export const copilotkitSingleRoute: CopilotKitAdapter = {
  ...copilotkit,
  endpoints: [envelope('envelope')],
  bodyOperations: envelopeOperations,

  withoutToken: {
    operation: 'info',
    is: (_endpoint, body) =>
      isObject(body) && body.method === 'info' && Object.keys(body).every((name) => name === 'method'),
  },

  operationsOf: ({ body }) => [operationOf(body)],

  rewrite(envelope, call, identity) {
    if (!isObject(envelope)) throw new Refusal('body-invalid', 'not an object')
    const { method = null, params, body } = envelope
    return {
      method,
      ...(params !== undefined && { params }),
      ...((takesInput(call) || body !== undefined) && { body: rewriteInput(body ?? null, call, identity) }),
    }
  },

  threads: { rules: envelopeRules },
  takeTokens: (envelope) => agUi.takeTokens?.(wrappedIn(envelope) ?? null) ?? [],

  threadOf(call) {
    const { body } = call
    const inParams = isObject(body) && isObject(body.params) ? body.params.threadId : undefined
    return typeof inParams === 'string' ? inParams : agUi.threadOf({ ...call, body: wrappedIn(body) })
  },
}

/**
 * Returns the adapter for a CopilotKit runtime in front of Mastra's agents. These agents forward
 * every header from the runtime to the model (`@ag-ui/mastra` 1.1). A bearer token would replace
 * the API key for the model.
 */
export const beforeMastra = (adapter: CopilotKitAdapter): CopilotKitAdapter => ({
  ...adapter,
  identity: { ...assertionOnly, headers: true },
  handsHeadersOn: true,
})

const TAKES_INPUT = new Set(endpoints.filter(({ whose }) => whose === 'input').map(({ operation }) => operation))
/** Tells whether the input of a request is AG-UI's `RunAgentInput`. */
const takesInput = ({ operations }: Call): boolean => operations.some((operation) => TAKES_INPUT.has(operation))

function rewriteInput(input: Json, call: Call, identity: Identity): Json {
  return takesInput(call) ? agUi.rewrite(input, call, identity) : input
}

const wrappedIn = (envelope: Json | undefined): Json | undefined => (isObject(envelope) ? envelope.body : undefined)

/**
 * Returns the operation that an envelope names.
 * @throws Refusal `operation-unknown` or `body-invalid`
 */
function operationOf(envelope: Json | undefined): string {
  if (!isObject(envelope) || typeof envelope.method !== 'string') throw new Refusal('body-invalid', 'no envelope')
  const { method, params, body } = envelope
  // The runtime would parse a string as JSON, and the gateway has not checked that JSON.
  if (body !== undefined && body !== null && !isObject(body)) throw new Refusal('body-invalid', 'body is not an object')
  if (method === 'resource/request') return resourceOf(isObject(params) ? params : {})
  const operation = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined
  if (operation === undefined) throw new Refusal('operation-unknown')
  return operation
}

function resourceOf({ path, httpMethod }: JsonObject): string {
  if (typeof path !== 'string' || typeof httpMethod !== 'string') throw new Refusal('body-invalid', 'resource/request')
  if (!RESOURCE_PATH.test(path)) throw new Refusal('body-invalid', 'resource path')
  const found = findResource(httpMethod.toUpperCase(), path.split('?', 1)[0] ?? '')
  if (!found || 'allow' in found) throw new Refusal('operation-unknown')
  return found.endpoint.operation
}
