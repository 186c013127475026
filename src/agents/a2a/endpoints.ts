import {
  type BodyOperation,
  bodyRows,
  envelope,
  type Method,
  type PathEndpoint,
  read,
  type WhoseOf,
} from '../endpoints'

/** The operation for each JSON-RPC method: first the methods of A2A 1.0, then those of 0.3. */
export const OPERATIONS = {
  SendMessage: 'message.send',
  SendStreamingMessage: 'message.stream',
  GetTask: 'task.read',
  ListTasks: 'task.list',
  CancelTask: 'task.cancel',
  SubscribeToTask: 'task.subscribe',
  CreateTaskPushNotificationConfig: 'push.create',
  GetTaskPushNotificationConfig: 'push.read',
  ListTaskPushNotificationConfigs: 'push.read',
  DeleteTaskPushNotificationConfig: 'push.delete',
  GetExtendedAgentCard: 'card.extended',
  'message/send': 'message.send',
  'message/stream': 'message.stream',
  'tasks/get': 'task.read',
  'tasks/list': 'task.list',
  'tasks/cancel': 'task.cancel',
  'tasks/resubscribe': 'task.subscribe',
  'tasks/pushNotificationConfig/set': 'push.create',
  'tasks/pushNotificationConfig/get': 'push.read',
  'tasks/pushNotificationConfig/list': 'push.read',
  'tasks/pushNotificationConfig/delete': 'push.delete',
  'agent/getAuthenticatedExtendedCard': 'card.extended',
} as const

type Operation = (typeof OPERATIONS)[keyof typeof OPERATIONS]

const closed = { closed: true } as const

/**
 * The ownership rule of each operation, in `whose`. A list of tasks contains the tasks of all
 * callers. A push configuration makes the agent call an address that the caller chose. Both are
 * closed unless the route names them.
 */
const ROWS = {
  'message.send': { whose: 'sealed' },
  'message.stream': { whose: 'sealed' },
  'task.read': { whose: 'sealed' },
  'task.list': { whose: 'everybody', ...closed },
  'task.cancel': { whose: 'sealed' },
  'task.subscribe': { whose: 'sealed', listens: true },
  'push.create': { whose: 'sealed', ...closed },
  'push.read': { whose: 'sealed', ...closed },
  'push.delete': { whose: 'sealed', ...closed },
  'card.extended': { whose: 'sealed' },
} as const satisfies Record<Operation, Omit<BodyOperation, 'operation'>>

type RowWhose = (typeof ROWS)[Operation]['whose']

export const bodyOperations = bodyRows(ROWS)

const at = (operation: Operation, method: Method, path: string): PathEndpoint<RowWhose> => ({
  operation,
  method,
  path,
  ...ROWS[operation],
  ...(method === 'POST' && { body: 'json' as const }),
})

const rest = [
  at('message.send', 'POST', '/message:send'),
  at('message.stream', 'POST', '/message:stream'),
  at('task.list', 'GET', '/tasks'),
  at('task.read', 'GET', '/tasks/:task'),
  at('task.cancel', 'POST', '/tasks/:task:cancel'),
  at('task.subscribe', 'GET', '/tasks/:task:subscribe'),
  at('task.subscribe', 'POST', '/tasks/:task:subscribe'),
  at('push.create', 'POST', '/tasks/:task/pushNotificationConfigs'),
  at('push.read', 'GET', '/tasks/:task/pushNotificationConfigs'),
  at('push.read', 'GET', '/tasks/:task/pushNotificationConfigs/:config'),
  at('push.delete', 'DELETE', '/tasks/:task/pushNotificationConfigs/:config'),
]

/**
 * The endpoints for JSON-RPC and REST. A2A 0.3 has its REST paths below `/v1`, and another path for
 * the extended agent card.
 */
export const endpoints = [
  envelope('message'),
  read('card.read', '/.well-known/agent-card.json', 'nobody'),
  read('card.read', '/.well-known/agent.json', 'nobody'),
  ...rest,
  at('card.extended', 'GET', '/extendedAgentCard'),
  ...rest.map((endpoint) => ({ ...endpoint, path: `/v1${endpoint.path}` })),
  at('card.extended', 'GET', '/v1/card'),
]

/** The names of the ownership rules that these tables use. */
export type Whose = WhoseOf<typeof endpoints> | WhoseOf<typeof bodyOperations>
