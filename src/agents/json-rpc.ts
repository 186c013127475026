import type { RpcForm } from '../errors/forms'
import { Refusal } from '../errors/refusal'
import { folded, isNumber, isObject, type Json, type JsonObject } from '../json'

/**
 * The most messages in a batch. MCP has no batches since revision 2025-06-18, and servers of older
 * revisions limit them.
 */
const MAX_MESSAGES = 100

/**
 * Returns the messages of a JSON-RPC 2.0 body: one, or a batch of them.
 * @throws Refusal `body-invalid` if the body holds anything else
 */
export function messagesOf(body: Json | undefined): readonly JsonObject[] {
  const messages = Array.isArray(body) ? body : [body]
  if (messages.length > MAX_MESSAGES)
    throw new Refusal('body-invalid', 'too many messages', { limit: { name: 'messages', most: MAX_MESSAGES } })
  if (messages.length === 0 || !messages.every(isMessage)) throw new Refusal('body-invalid', 'not JSON-RPC 2.0')
  return messages
}

/**
 * The members of a JSON-RPC 2.0 message (sections 4 and 5). Messages with other members are
 * refused, because a Go server would read `Method` as `method`.
 */
const MEMBERS = new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error'])

const isMessage = (message: Json | undefined): message is JsonObject =>
  isObject(message) &&
  message.jsonrpc === '2.0' &&
  ['string', 'undefined'].includes(typeof message.method) &&
  // An answer repeats the id of its request. If the id could be an object, a caller could put data
  // into the answer that look like the server's.
  (message.id === null || isNumber(message.id) || ['string', 'undefined'].includes(typeof message.id)) &&
  Object.keys(message).every((key) => MEMBERS.has(key))

/** Details of errors that differ between the protocols that use JSON-RPC (MCP and A2A). */
type Rules = Pick<RpcForm, 'statuses' | 'codes'> & {
  /** Whether a request without an id is a notification, to which the server sends no answer. */
  readonly hasNotifications: boolean
}

/**
 * Returns the format of errors for a request body, with the ids of the requests in the body that
 * need an answer. The function also accepts a body that is not valid JSON-RPC.
 * @param body absent if it has not been read
 */
export function requestsIn(body: Json | undefined, { hasNotifications, ...rules }: Rules): RpcForm {
  if (body === undefined) return { as: 'json-rpc', isBatch: false, ...rules }
  const messages = Array.isArray(body) ? body : [body]
  const ids = messages.slice(0, MAX_MESSAGES).flatMap((message) => {
    // The id in a client's answer belongs to a request from the server, so it is left out. A
    // message with neither `method` nor `result` is an incomplete request.
    const isAnswer = isObject(message) && ('result' in message || 'error' in message)
    const id = isObject(message) && !isAnswer ? message.id : undefined
    return typeof id === 'string' || isNumber(id) ? [id] : []
  })
  return {
    as: 'json-rpc',
    isBatch: Array.isArray(body),
    ...(ids.length > 0 || hasNotifications ? { ids } : {}),
    ...rules,
  }
}

/**
 * Refuses an object with a member whose name differs only in case from one of `names`. The gateway
 * makes decisions by the members in `names`, so it accepts only one spelling.
 * @throws Refusal `body-invalid`
 */
export function refuseFolded(object: Json | undefined, names: readonly string[]): void {
  if (!isObject(object)) return
  const plain = new Map(names.map((name) => [folded(name), name]))
  for (const key of Object.keys(object)) {
    const name = plain.get(folded(key))
    if (name !== undefined && name !== key) throw new Refusal('body-invalid', 'a member in another spelling')
  }
}

/** Returns a member of a message's `params`. */
export function param(message: JsonObject, name: string): Json | undefined {
  return isObject(message.params) ? message.params[name] : undefined
}
