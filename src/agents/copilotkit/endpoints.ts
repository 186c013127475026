import { compileEndpoints } from '../endpoint-tree'
import { type BodyOperation, patch, post, read, remove } from '../endpoints'

const closed = { closed: true } as const
const listens = { listens: true } as const

/**
 * Addresses that a single-route client reaches through `resource/request`, and a multi-route client
 * by their path.
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
 * The API of a CopilotKit runtime (v2). `input` is for bodies that are AG-UI's `RunAgentInput`,
 * `ids` for every other place where an id can stand. A list of threads holds those of all callers,
 * `threads/clear` deletes them, and the debug stream reports on all of them.
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

/** The same operations for one address that takes them all: an envelope names the operation. */
export const envelopeOperations: readonly BodyOperation<Row['whose']>[] = endpoints.map(
  // The members named here belong to the address.
  ({ method, path, body, form, websocket, ...operation }) => operation,
)

/** Finds the endpoint that a `resource/request` asks for. */
export const findResource = compileEndpoints(resources, () => true)
