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
 * `ids` for every other place where an id can stand. A list of threads holds everybody's,
 * `threads/clear` wipes them, and the debug stream tells of all of them.
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

/** The same operations where one address takes them all: an envelope says which is meant. */
export const envelopeOperations: readonly BodyOperation<Row['whose']>[] = endpoints.map(
  // The members named here belong to the address.
  ({ method, path, body, form, websocket, ...operation }) => operation,
)

/** Finds what a `resource/request` leads to. */
export const findResource = compileEndpoints(resources, () => true)
