import { type BodyOperation, bodyRows, envelope, read, remove, type WhoseOf } from '../endpoints'

/**
 * The operation for each MCP method, in the revisions from 2024-11-05 to 2026-07-28. A method that
 * is not listed is refused.
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

/**
 * The operations for a notification and for a client's answer to a request of the server (sampling,
 * elicitation).
 */
export const NOTIFY = 'session.notify'
export const RESPOND = 'session.respond'

type Operation = (typeof OPERATIONS)[Method] | typeof NOTIFY | typeof RESPOND

/**
 * The ownership rule of each operation, in `whose`. Task ids (revision 2025-11-25 and later) appear
 * in the output of tools, and the gateway cannot recognise them reliably there. A list of tasks
 * contains the tasks of all callers, because servers do not separate them.
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

/**
 * Operations that a server may answer with a `requestState`, its own data that the client sends
 * back later.
 */
export const STATEFUL: ReadonlySet<string> = new Set<Operation>(['tool.call', 'prompt.get', 'resource.read'])

/**
 * The endpoints of an MCP server: one address for messages. In older revisions, clients can also
 * listen to a stream and end a session.
 */
export const endpoints = [
  envelope('message'),
  read('session.listen', '/', 'session', { listens: true }),
  remove('session.close', '/', 'session'),
]

/** The names of the ownership rules that these tables use. */
export type Whose = WhoseOf<typeof endpoints> | WhoseOf<typeof bodyOperations>
