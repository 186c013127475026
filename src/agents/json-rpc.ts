import type { RpcForm } from '../errors/forms'
import { Refusal } from '../errors/refusal'
import { folded, isNumber, isObject, type Json, type JsonObject } from '../json'

/** No revision of MCP since 2025-06-18 has batches, and servers of older ones cap them. */
const MAX_MESSAGES = 100

/**
 * The messages of a JSON-RPC 2.0 body: one, or a batch of them.
 * @throws Refusal `body-invalid` where it holds anything else
 */
export function messagesOf(body: Json | undefined): readonly JsonObject[] {
  const messages = Array.isArray(body) ? body : [body]
  if (messages.length > MAX_MESSAGES)
    throw new Refusal('body-invalid', 'too many messages', { limit: { name: 'messages', most: MAX_MESSAGES } })
  if (messages.length === 0 || !messages.every(isMessage)) throw new Refusal('body-invalid', 'not JSON-RPC 2.0')
  return messages
}

/** JSON-RPC 2.0 sections 4 and 5. No others: a server in Go would read `Method` after `method`. */
const MEMBERS = new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error'])

const isMessage = (message: Json | undefined): message is JsonObject =>
  isObject(message) &&
  message.jsonrpc === '2.0' &&
  ['string', 'undefined'].includes(typeof message.method) &&
  // Answers repeat it: an object would come back as if the server had said it.
  (message.id === null || isNumber(message.id) || ['string', 'undefined'].includes(typeof message.id)) &&
  Object.keys(message).every((key) => MEMBERS.has(key))

/** How a protocol of JSON-RPC writes errors, beside what all have. */
type Rules = Pick<RpcForm, 'statuses' | 'codes'> & {
  /** Whether a request without an id is a notification, which is not answered. */
  readonly hasNotifications: boolean
}

/**
 * The requests of a body that ask for an answer, as far as it is JSON-RPC at all.
 * @param body absent where it has not been read
 */
export function requestsIn(body: Json | undefined, { hasNotifications, ...rules }: Rules): RpcForm {
  if (body === undefined) return { as: 'json-rpc', isBatch: false, ...rules }
  const messages = Array.isArray(body) ? body : [body]
  const ids = messages.slice(0, MAX_MESSAGES).flatMap((message) => {
    // An answer has the id of somebody else's request. A message with neither method nor result is
    // a request that lacks something.
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
 * Refuses members whose names differ from these in case only: what decides may have one spelling.
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

/** A member of a message's `params`. */
export function param(message: JsonObject, name: string): Json | undefined {
  return isObject(message.params) ? message.params[name] : undefined
}
