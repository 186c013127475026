import { Refusal } from '../../errors/refusal'
import { type Adapter, type Endpoint, isObject, type Json, type JsonObject, type Rewriting } from '../adapter'
import { agUi } from '../ag-ui/adapter'
import { compileEndpoints } from '../endpoints'
import { withOwnHeaders } from '../thread-headers'
import { copilotkitEnvelopeThreads, copilotkitThreads, takesInput } from './threads'

const post = (operation: string, path: string): Endpoint => ({ operation, method: 'POST', path, body: 'json' })
const read = (operation: string, path: string): Endpoint => ({ operation, method: 'GET', path })
const closed = (endpoint: Endpoint): Endpoint => ({ ...endpoint, closed: true })

/** What a single-route client reaches through `resource/request`, and what a multi-route client calls by its path. */
const resources: readonly Endpoint[] = [
  { operation: 'threads.update', method: 'PATCH', path: '/threads/:thread', body: 'json' },
  { operation: 'threads.delete', method: 'DELETE', path: '/threads/:thread', body: 'json' },
  read('threads.read', '/threads/:thread/messages'),
  read('threads.read', '/threads/:thread/events'),
  read('threads.read', '/threads/:thread/state'),
  post('threads.update', '/threads/:thread/archive'),
  closed(read('threads.search', '/threads')),
  closed(post('threads.subscribe', '/threads/subscribe')),
  closed(post('threads.clear', '/threads/clear')),
  closed(read('memories.read', '/memories')),
  closed(post('memories.create', '/memories')),
  closed({ operation: 'memories.update', method: 'PATCH', path: '/memories/:memory', body: 'json' }),
  closed({ operation: 'memories.delete', method: 'DELETE', path: '/memories/:memory', body: 'json' }),
  closed(post('memories.read', '/memories/recall')),
  closed(post('memories.subscribe', '/memories/subscribe')),
  closed(post('annotate', '/annotate')),
]

const endpoints: readonly Endpoint[] = [
  read('info', '/info'),
  post('run.stream', '/agent/:agent/run'),
  post('run.suggest', '/agent/:agent/suggest'),
  post('threads.connect', '/agent/:agent/connect'),
  post('run.cancel', '/agent/:agent/stop/:thread'),
  { operation: 'transcribe', method: 'POST', path: '/transcribe', body: 'json', form: true },
  ...resources,
  closed(read('inspector', '/inspector-metadata')),
  closed(read('inspector', '/inspector-learning')),
  closed(read('debug', '/cpk-debug-events')),
]

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
const findResource = compileEndpoints(resources, () => true)
/** The runtime resolves dots and decodes what it is given, and looks at the end only; so no other spelling than the plain one. */
const RESOURCE_PATH = /^(?:\/[A-Za-z0-9_~:@-][A-Za-z0-9._~:@-]*)+(?:\?[^#]*)?$/

/** The runtime goes by the end of a path, so a thread or agent of such a name would be something else there. */
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

/**
 * A CopilotKit runtime (v2) with an address for each thing, which is its default. It hands `authorization` and `x-*` headers on
 * to its agents, so they get the signed identity too. Its streams are AG-UI's.
 *
 * A list of threads holds everybody's, and `threads/clear` wipes them: closed unless the route names them. Not looked at:
 * what is in an audio form.
 */
export const copilotkit: Adapter = {
  ...agUi,
  kind: 'copilotkit',
  endpoints,
  identity: { assertion: 'bearer', headers: true, state: false, forwardedProps: {}, langgraphAuthUser: false },
  // The runtime sends a comment every 15 seconds.
  heartbeatSeconds: 0,

  operationsOf({ endpoint, params, body }) {
    if (ROUTED_BY_SUFFIX.has(params.thread ?? '')) throw new Refusal('operation-unknown')
    // A runtime of the other style would take this for an envelope, whatever its address.
    if (isObject(body) && 'method' in body) throw new Refusal('body-invalid', 'an envelope')
    return [endpoint.operation]
  },

  rewrite: rewriteInput,

  threads: withOwnHeaders(copilotkitThreads),
  threadOf(params, body, endpoint) {
    return params.thread === undefined ? agUi.threadOf(params, body, endpoint) : decodeURIComponent(params.thread)
  },
}

/** The same with one address for everything, where an envelope says what is meant. */
export const copilotkitSingleRoute: Adapter = {
  ...copilotkit,
  endpoints: [{ operation: 'envelope', method: 'POST', path: '/', body: 'json', named: 'in-body' }],
  bodyOperations: endpoints.map(({ operation, closed }) => ({ operation, ...(closed && { closed }) })),

  operationsOf: ({ body }) => [operationOf(body)],

  rewrite(envelope, rewriting) {
    if (!isObject(envelope)) throw new Refusal('body-invalid', 'not an object')
    const { method = null, params, body } = envelope
    return {
      method,
      ...(params !== undefined && { params }),
      ...((takesInput(rewriting) || body !== undefined) && { body: rewriteInput(body ?? null, rewriting) }),
    }
  },

  threads: withOwnHeaders(copilotkitEnvelopeThreads(findResource)),
  takeTokens: (envelope) => agUi.takeTokens?.(wrappedIn(envelope) ?? null) ?? [],

  threadOf(params, envelope, endpoint) {
    const inParams = isObject(envelope) && isObject(envelope.params) ? envelope.params.threadId : undefined
    return typeof inParams === 'string' ? inParams : agUi.threadOf(params, wrappedIn(envelope), endpoint)
  },
}

function rewriteInput(input: Json, rewriting: Rewriting): Json {
  return takesInput(rewriting) ? agUi.rewrite(input, rewriting) : input
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
