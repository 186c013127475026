import { type BodyOperation, bodyRows, envelope, read, remove, type WhoseOf } from '../endpoints'

/**
 * MCP's methods, of the revisions from 2024-11-05 to 2026-07-28, as operations. A method without a
 * row is not offered.
 */
export const OPERATIONS = {
  initialize: 'session.open',
  'server/discover': 'session.open',
  ping: 'session.ping',
  'logging/setLevel': 'session.log',
  'subscriptions/listen': 'session.listen',
  'tools/list': 'tool.list',
  'tools/call': 'tool.call',
  'prompts/list': 'prompt.list',
  'prompts/get': 'prompt.get',
  'resources/list': 'resource.list',
  'resources/templates/list': 'resource.list',
  'resources/read': 'resource.read',
  'resources/subscribe': 'resource.subscribe',
  'resources/unsubscribe': 'resource.subscribe',
  'completion/complete': 'completion',
  'tasks/get': 'task.get',
  'tasks/result': 'task.get',
  'tasks/update': 'task.update',
  'tasks/cancel': 'task.cancel',
  'tasks/list': 'task.list',
} as const
export type Method = keyof typeof OPERATIONS

/** A notification, and an answer to a request of the server (a sampling, an elicitation). */
export const NOTIFY = 'session.notify'
export const RESPOND = 'session.respond'

type Operation = (typeof OPERATIONS)[Method] | typeof NOTIFY | typeof RESPOND

/**
 * The ownership rule of each operation. Ids of tasks (revision 2025-11-25 and later) stand among
 * the output of tools, where the gateway cannot recognise them for certain. A list holds the tasks
 * of all callers, because servers do not separate them.
 */
const ROWS = {
  'session.open': { whose: 'session' },
  'session.ping': { whose: 'session' },
  'session.log': { whose: 'session' },
  'session.listen': { whose: 'session', listens: true },
  'tool.list': { whose: 'session' },
  'tool.call': { whose: 'session' },
  'prompt.list': { whose: 'session' },
  'prompt.get': { whose: 'session' },
  'resource.list': { whose: 'session' },
  'resource.read': { whose: 'session' },
  'resource.subscribe': { whose: 'session' },
  completion: { whose: 'session' },
  'task.get': { whose: 'everybody' },
  'task.update': { whose: 'everybody' },
  'task.cancel': { whose: 'everybody' },
  'task.list': { whose: 'everybody', closed: true },
  [NOTIFY]: { whose: 'session' },
  [RESPOND]: { whose: 'session' },
} as const satisfies Record<Operation, Omit<BodyOperation, 'operation'>>

export const bodyOperations = bodyRows(ROWS)

/** Operations that a server may answer with a state of its own, for the client to send back. */
export const STATEFUL: ReadonlySet<string> = new Set<Operation>(['tool.call', 'prompt.get', 'resource.read'])

/**
 * One address for messages; in older revisions also a stream to listen on and the end of a session.
 */
export const endpoints = [
  envelope('message'),
  read('session.listen', '/', 'session', { listens: true }),
  remove('session.close', '/', 'session'),
]

/** Ownership rules that rows of these tables ask for. */
export type Whose = WhoseOf<typeof endpoints> | WhoseOf<typeof bodyOperations>
