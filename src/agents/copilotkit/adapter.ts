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

/** The methods of an envelope, but `resource/request`, which is looked up among the resources. */
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
 * The runtime resolves dots and decodes what it is given, and looks at the end only; so no other
 * spelling than the plain one.
 */
const RESOURCE_PATH = /^(?:\/[A-Za-z0-9_~:@-][A-Za-z0-9._~:@-]*)+(?:\?[^#]*)?$/

/**
 * The runtime goes by the end of a path, so a thread or agent of such a name would be something
 * else there.
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
 * A CopilotKit runtime (v2) with an address for each thing, which is its default. It hands
 * `authorization` and `x-*` headers on to its agents, so they get the signed identity too. Its
 * streams are AG-UI's.
 *
 * Not looked at: what is in an audio form.
 */
export const copilotkit: CopilotKitAdapter = {
  ...agUi,
  kind: 'copilotkit',
  endpoints,
  identity: { ...assertionOnly, assertion: 'bearer', headers: true },
  // The runtime sends a comment every 15 seconds.
  heartbeatSeconds: 0,

  // An app asks which agents there are before its first message, in whose body its token is.
  withoutToken: { operation: 'info', is: ({ operation }) => operation === 'info' },

  operationsOf({ endpoint, params, body }) {
    if (ROUTED_BY_SUFFIX.has(params.thread ?? '')) throw new Refusal('operation-unknown')
    // A runtime of the other style would take this for an envelope, whatever its address.
    if (isObject(body) && 'method' in body) throw new Refusal('body-invalid', 'an envelope')
    return [endpoint.operation]
  },

  rewrite: rewriteInput,

  // A thread that is kept is read back as its state and as its events.
  identityRemoved: (channels) =>
    withoutIdentity(channels, { answerOf: ({ state, event }) => members({ state, events: items(event) }) }),

  threads: { rules },
  threadOf(call) {
    const { thread } = call.params
    return thread === undefined ? agUi.threadOf(call) : decodeURIComponent(thread)
  },
}

/** The same with one address for everything, where an envelope says what is meant. */
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
 * A runtime before Mastra's agents. Those give every header that the runtime hands to them to the
 * call of the model (`@ag-ui/mastra` 1.1): a bearer would take the place of the vendor's key.
 */
export const beforeMastra = (adapter: CopilotKitAdapter): CopilotKitAdapter => ({
  ...adapter,
  identity: { ...assertionOnly, headers: true },
  handsHeadersOn: true,
})

const TAKES_INPUT = new Set(endpoints.filter(({ whose }) => whose === 'input').map(({ operation }) => operation))
/** Whether the input is AG-UI's `RunAgentInput`. */
const takesInput = ({ operations }: Call): boolean => operations.some((operation) => TAKES_INPUT.has(operation))

function rewriteInput(input: Json, call: Call, identity: Identity): Json {
  return takesInput(call) ? agUi.rewrite(input, call, identity) : input
}

const wrappedIn = (envelope: Json | undefined): Json | undefined => (isObject(envelope) ? envelope.body : undefined)

/** @throws Refusal `operation-unknown` or `body-invalid` */
function operationOf(envelope: Json | undefined): string {
  if (!isObject(envelope) || typeof envelope.method !== 'string') throw new Refusal('body-invalid', 'no envelope')
  const { method, params, body } = envelope
  // The runtime would parse a text as a body of its own, which nobody has looked at.
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
