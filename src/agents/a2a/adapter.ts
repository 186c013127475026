import { Refusal } from '../../errors/refusal'
import { folded, isObject, type Json, type JsonObject, removeSpellingsWithin, valuesNamed } from '../../json'
import type { Adapter } from '../adapter'
import type { AnswerChange } from '../answer-change'
import type { Endpoint } from '../endpoints'
import { assertionOnly, FORGED_NAMES } from '../identity'
import { messagesOf, refuseFolded, requestsIn } from '../json-rpc'
import { agentCardOf } from './card'
import { bodyOperations, endpoints, OPERATIONS, type Whose } from './endpoints'
import { isTaskById } from './ids-in-requests'
import { rules } from './threads'

/**
 * The adapter for an A2A agent, 1.0 or 0.3, over JSON-RPC or REST. The gateway rewrites the
 * addresses and security schemes in the agent card, so that clients use the gateway. It leaves out
 * signatures, because they would no longer be valid. It also leaves out transports that it does not
 * support.
 *
 * REST paths that begin with a tenant are not offered.
 */
export const a2a: Adapter<Whose> = {
  kind: 'a2a',
  endpoints,
  bodyOperations,
  identity: assertionOnly,
  heartbeatSeconds: 0,
  requestHeaders: ['a2a-version', 'a2a-extensions', 'x-a2a-extensions'],
  responseHeaders: ['a2a-version', 'a2a-extensions', 'x-a2a-extensions'],

  withoutToken: { operation: 'card.read', is: ({ operation }) => operation === 'card.read' },

  operationsOf({ endpoint, params, query, body }) {
    // Servers read `/tasks/extendedAgentCard` as the agent card of a tenant named "tasks". They
    // read `%3A` as the colon before a verb such as `:cancel`.
    if (params.task === 'extendedAgentCard' || Object.values(params).some((value) => /%3a/i.test(value)))
      throw new Refusal('operation-unknown')
    const inBody = paramsOf(body, endpoint)
    refuseFolded(inBody, ['message', 'request', 'configuration', 'metadata'])
    refuseTenant(query, [inBody, body])
    const operation = endpoint.named ? operationOf(body) : endpoint.operation
    return [operation, ...(setsPush(body, endpoint) ? ['push.create'] : [])]
  },

  rewrite(body, { endpoint }) {
    const { metadata, ...params } = paramsOf(body, endpoint)
    if (metadata !== undefined) removeSpellingsWithin(metadata, FORGED_NAMES)
    for (const message of messagesIn(params)) {
      const holders = [message, ...partsOf(message)].filter(isObject)
      for (const value of holders.flatMap((holder) => valuesNamed(holder, ['metadata'])))
        removeSpellingsWithin(value, FORGED_NAMES)
    }
    return body
  },

  threads: { rules },
  threadOf({ params, body, endpoint }) {
    const inBody = paramsOf(body, endpoint)
    const [message] = messagesIn(inBody)
    const method = endpoint.named && isObject(body) ? body.method : endpoint.operation
    const named = isTaskById(method) ? inBody.id : inBody.taskId
    const id = params.task ?? message?.contextId ?? message?.taskId ?? named
    return typeof id === 'string' ? id : undefined
  },
  // Agents answer an invalid JSON-RPC request with status 200. With another status, clients would
  // not read the error in the body.
  errorForm: (endpoint, body) => (endpoint?.named ? requestsIn(body, ERRORS) : { as: 'google.rpc.Status' }),

  answerChange({ operations, place }) {
    if (operations.includes('card.read')) return cardChange((card) => agentCardOf(card, place))
    if (!operations.includes('card.extended')) return undefined
    return cardChange((answer) => {
      const isRpc = isObject(answer) && answer.jsonrpc === '2.0'
      if (!isRpc) return agentCardOf(answer, place)
      return answer.result === undefined ? answer : { ...answer, result: agentCardOf(answer.result, place) }
    })
  },
}

/** A2A 1.0 section 5.4 has an error code for refused content types. */
const ERRORS = {
  hasNotifications: false,
  statuses: { 'operation-unknown': 200, 'body-invalid': 200 },
  codes: { 'media-type-refused': -32_005 },
} as const

/** Makes a change to the agent card in an answer. An error is not a card, so it stays unchanged. */
const cardChange = (change: (answer: Json) => Json): AnswerChange => ({
  answer: (text, status) => (status < 300 ? JSON.stringify(change(JSON.parse(text) as Json)) : text),
})

/**
 * Refuses a tenant in the query or the body. An agent may have tenants of its own. The gateway
 * cannot tell whether the caller belongs to the tenant that a request names.
 * @throws Refusal `field-forbidden`
 */
function refuseTenant(query: string, parts: readonly (Json | undefined)[]): void {
  const inQuery = [...new URLSearchParams(query)]
  const inBody = parts.filter(isObject).flatMap((part) => Object.entries(part))
  // Protocol buffers write an empty string if there is no tenant.
  for (const [name, value] of [...inQuery, ...inBody])
    if (folded(name) === 'tenant' && value !== '' && value !== null)
      throw new Refusal('field-forbidden', 'tenant', { field: 'tenant' })
}

function operationOf(body: Json | undefined): string {
  const messages = messagesOf(body)
  const method = messages[0]?.method
  // In A2A, clients send no JSON-RPC batches and no JSON-RPC responses.
  const isAnswer = messages.some((message) => 'result' in message || 'error' in message)
  if (messages.length > 1 || typeof method !== 'string' || isAnswer)
    throw new Refusal('body-invalid', 'not one A2A request')
  if (!Object.hasOwn(OPERATIONS, method)) throw new Refusal('operation-unknown')
  return OPERATIONS[method as keyof typeof OPERATIONS]
}

/** Returns the parameters: `params` of a JSON-RPC request, or the whole body in REST. */
function paramsOf(body: Json | undefined, { named }: Endpoint): JsonObject {
  const params = named && isObject(body) ? body.params : body
  return isObject(params) ? params : {}
}

/**
 * Tells whether a request that sends a message also sets a push notification configuration. A2A 1.0
 * and 0.3 have different names for it.
 */
function setsPush(body: Json | undefined, endpoint: Endpoint): boolean {
  const { configuration } = paramsOf(body, endpoint)
  return (
    isObject(configuration) &&
    Object.entries(configuration).some(
      ([name, value]) => /push/.test(folded(name)) && value !== null && value !== undefined,
    )
  )
}

/**
 * Returns the message in the parameters of a request: `message`, or `request` in the protocol
 * buffers of A2A 0.3.
 */
const messagesIn = ({ message, request }: JsonObject): readonly JsonObject[] => [message, request].filter(isObject)

/** Returns the parts of a message: the items of `parts`, or of `content` in A2A 0.3. */
const partsOf = (message: JsonObject): readonly Json[] =>
  valuesNamed(message, ['parts', 'content'])
    .filter((list) => Array.isArray(list))
    .flat()
