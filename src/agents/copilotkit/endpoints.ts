import { compileEndpoints } from '../endpoint-tree'
import { type BodyOperation, patch, post, read, remove } from '../endpoints'

const closed = { closed: true } as const
const listens = { listens: true } as const

/**
 * Endpoints that clients call by their path or, if the runtime has a single address, through the
 * method `resource/request`.
 */
const resources = [
  patch('threads.update', '/threads/:thread', 'ids'),
  remove('threads.delete', '/threads/:thread', 'ids', { body: 'json' }),
  read('threads.read', '/threads/:thread/messages', 'ids'),
  read('threads.read', '/threads/:thread/events', 'ids'),
  read('threads.read', '/threads/:thread/state', 'ids'),
  post('threads.update', '/threads/:thread/archive', 'ids'),
  read('threads.search', '/threads', 'everybody', closed),
  post('threads.subscribe', '/threads/subscribe', 'everybody', { ...closed, ...listens }),
  post('threads.clear', '/threads/clear', 'everybody', closed),
  read('memories.read', '/memories', 'ids', closed),
  post('memories.create', '/memories', 'ids', closed),
  patch('memories.update', '/memories/:memory', 'ids', closed),
  remove('memories.delete', '/memories/:memory', 'ids', { ...closed, body: 'json' }),
  post('memories.read', '/memories/recall', 'ids', closed),
  post('memories.subscribe', '/memories/subscribe', 'ids', { ...closed, ...listens }),
  post('annotate', '/annotate', 'ids', closed),
]

/**
 * The endpoints of a CopilotKit runtime (v2). The rule `input` handles bodies that are AG-UI's
 * `RunAgentInput`. The rule `ids` handles ids in all other places. A list of threads contains the
 * threads of all callers, `threads/clear` deletes them all, and the debug stream reports on all of
 * them.
 */
export const endpoints = [
  read('info', '/info', 'nobody'),
  post('run.stream', '/agent/:agent/run', 'input', { streams: true }),
  post('run.suggest', '/agent/:agent/suggest', 'input'),
  post('threads.connect', '/agent/:agent/connect', 'input', listens),
  post('run.cancel', '/agent/:agent/stop/:thread', 'ids'),
  post('transcribe', '/transcribe', 'ids', { form: true }),
  ...resources,
  read('inspector', '/inspector-metadata', 'nobody', closed),
  read('inspector', '/inspector-learning', 'nobody', closed),
  read('debug', '/cpk-debug-events', 'everybody', { ...closed, ...listens }),
]

type Row = (typeof endpoints)[number]

/**
 * The same operations for a runtime with a single address. An envelope in the body names the
 * operation.
 */
export const envelopeOperations: readonly BodyOperation<Row['whose']>[] = endpoints.map(
  // `method`, `path`, `body`, `form` and `websocket` describe an address, so they are left out.
  ({ method, path, body, form, websocket, ...operation }) => operation,
)

/** Finds the endpoint that a `resource/request` asks for. */
export const findResource = compileEndpoints(resources, () => true)
