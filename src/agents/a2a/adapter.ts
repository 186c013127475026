import { Refusal } from '../../errors/refusal'
import {
  type Adapter,
  type Endpoint,
  folded,
  isObject,
  type Json,
  type JsonObject,
  removeSpellingsWithin,
  withoutNames,
} from '../adapter'
import { FORGED_NAMES } from '../identity'
import { messagesOf, refuseFolded } from '../json-rpc'
import { withOwnHeaders } from '../thread-headers'
import { agentCardOf } from './card'
import { isTaskById } from './ids'
import { a2aThreads } from './threads'

/** JSON-RPC methods of A2A 1.0 and, after them, of 0.3, as operations. */
const OPERATIONS: Readonly<Record<string, string>> = {
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
}

/**
 * Lists hold everybody's tasks, and a push configuration has the agent call an address of the caller's choice: closed unless
 * the route names them.
 */
const CLOSED = new Set(['task.list', 'push.create', 'push.read', 'push.delete'])
const open = ({ operation }: Pick<Endpoint, 'operation'>) => (CLOSED.has(operation) ? { closed: true as const } : {})

const rest: readonly Endpoint[] = [
  { operation: 'message.send', method: 'POST', path: '/message:send', body: 'json' },
  { operation: 'message.stream', method: 'POST', path: '/message:stream', body: 'json' },
  { operation: 'task.list', method: 'GET', path: '/tasks' },
  { operation: 'task.read', method: 'GET', path: '/tasks/:task' },
  { operation: 'task.cancel', method: 'POST', path: '/tasks/:task:cancel', body: 'json' },
  { operation: 'task.subscribe', method: 'GET', path: '/tasks/:task:subscribe' },
  { operation: 'task.subscribe', method: 'POST', path: '/tasks/:task:subscribe', body: 'json' },
  { operation: 'push.create', method: 'POST', path: '/tasks/:task/pushNotificationConfigs', body: 'json' },
  { operation: 'push.read', method: 'GET', path: '/tasks/:task/pushNotificationConfigs' },
  { operation: 'push.read', method: 'GET', path: '/tasks/:task/pushNotificationConfigs/:config' },
  { operation: 'push.delete', method: 'DELETE', path: '/tasks/:task/pushNotificationConfigs/:config' },
  { operation: 'card.extended', method: 'GET', path: '/extendedAgentCard' },
]

/** 0.3 has its REST paths below `/v1`, and another one for the card. */
const rest03: readonly Endpoint[] = [
  ...rest
    .filter(({ operation }) => operation !== 'card.extended')
    .map((endpoint) => ({ ...endpoint, path: `/v1${endpoint.path}` })),
  { operation: 'card.extended', method: 'GET', path: '/v1/card' },
]

/**
 * An A2A agent, 1.0 or 0.3, by JSON-RPC or REST. Its card is rewritten so that clients come through the gate: addresses, security
 * schemes, no signature (it would not hold) and no transport that the gate does not carry.
 *
 * REST paths that begin with a tenant are not offered.
 */
export const a2a: Adapter = {
  kind: 'a2a',
  endpoints: [
    { operation: 'message', method: 'POST', path: '/', body: 'json', named: 'in-body' },
    { operation: 'card.read', method: 'GET', path: '/.well-known/agent-card.json' },
    { operation: 'card.read', method: 'GET', path: '/.well-known/agent.json' },
    ...[...rest, ...rest03].map((endpoint) => ({ ...endpoint, ...open(endpoint) })),
  ],
  bodyOperations: [...new Set(Object.values(OPERATIONS))].map((operation) => ({ operation, ...open({ operation }) })),
  identity: { assertion: 'header', headers: false, state: false, forwardedProps: {}, langgraphAuthUser: false },
  heartbeatSeconds: 0,
  requestHeaders: ['a2a-version', 'a2a-extensions', 'x-a2a-extensions'],
  responseHeaders: ['a2a-version', 'a2a-extensions', 'x-a2a-extensions'],

  operationsOf({ endpoint, params, body }) {
    // Servers read `/tasks/extendedAgentCard` as a card of the tenant "tasks", and `%3A` as the colon before a verb.
    if (params.task === 'extendedAgentCard' || Object.values(params).some((value) => /%3a/i.test(value)))
      throw new Refusal('operation-unknown')
    refuseFolded(paramsOf(body, endpoint), ['message', 'request', 'configuration', 'metadata'])
    const operation = endpoint.named ? operationOf(body) : endpoint.operation
    return [operation, ...(setsPush(body, endpoint) ? ['push.create'] : [])]
  },

  rewrite(body, { endpoint }) {
    const { metadata, ...params } = paramsOf(body, endpoint)
    if (metadata !== undefined) removeSpellingsWithin(metadata, FORGED_NAMES)
    for (const message of messagesIn(params)) {
      for (const [name, value] of Object.entries(message))
        if (folded(name) === 'metadata') removeSpellingsWithin(value, FORGED_NAMES)
      for (const part of partsOf(message))
        if (isObject(part)) removeSpellingsWithin(part.metadata ?? null, FORGED_NAMES)
    }
    return body
  },

  threads: withOwnHeaders(a2aThreads),
  threadOf(params, body, endpoint) {
    const inBody = paramsOf(body, endpoint)
    const [message] = messagesIn(inBody)
    const method = endpoint.named && isObject(body) ? body.method : endpoint.operation
    const named = isTaskById(method) ? inBody.id : inBody.taskId
    const id = params.task ?? message?.contextId ?? message?.taskId ?? named
    return typeof id === 'string' ? id : undefined
  },
  injectedNames: () => [],
  scrub: withoutNames,

  answerOf(operations, place) {
    if (operations.includes('card.read')) return (card) => agentCardOf(card, place)
    if (!operations.includes('card.extended')) return undefined
    return (answer) => {
      const isRpc = isObject(answer) && answer.jsonrpc === '2.0'
      if (!isRpc) return agentCardOf(answer, place)
      return answer.result === undefined ? answer : { ...answer, result: agentCardOf(answer.result, place) }
    }
  },
}

function operationOf(body: Json | undefined): string {
  const messages = messagesOf(body)
  const method = messages[0]?.method
  // A2A knows no batches and no answers from clients.
  const isAnswer = messages.some((message) => 'result' in message || 'error' in message)
  if (messages.length > 1 || typeof method !== 'string' || isAnswer)
    throw new Refusal('body-invalid', 'not one A2A request')
  const operation = Object.hasOwn(OPERATIONS, method) ? OPERATIONS[method] : undefined
  if (operation === undefined) throw new Refusal('operation-unknown')
  return operation
}

/** A JSON-RPC request has its parameters in `params`; a REST body is them. */
function paramsOf(body: Json | undefined, { named }: Endpoint): JsonObject {
  const params = named && isObject(body) ? body.params : body
  return isObject(params) ? params : {}
}

/** Sending a message can set a push configuration on the way: 1.0 and 0.3 have different names for it. */
function setsPush(body: Json | undefined, endpoint: Endpoint): boolean {
  const { configuration } = paramsOf(body, endpoint)
  return (
    isObject(configuration) &&
    Object.entries(configuration).some(
      ([name, value]) => /push/.test(folded(name)) && value !== null && value !== undefined,
    )
  )
}

/** The message that is sent: `message`, and `request` in the protocol buffers of 0.3. */
const messagesIn = ({ message, request }: JsonObject): readonly JsonObject[] => [message, request].filter(isObject)

/** `parts`, and `content` in 0.3. */
const partsOf = ({ parts, content }: JsonObject): readonly Json[] =>
  [parts, content].filter((list) => Array.isArray(list)).flat()
