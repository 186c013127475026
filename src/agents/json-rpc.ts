import { Refusal } from '../errors/refusal'
import { isObject, type Json, type JsonObject } from './adapter'

/**
 * The messages of a JSON-RPC 2.0 body: one, or a batch of them.
 * @throws Refusal `body-invalid` where it holds anything else
 */
export function messagesOf(body: Json | undefined): readonly JsonObject[] {
  const messages = Array.isArray(body) ? body : [body]
  if (messages.length === 0 || !messages.every(isMessage)) throw new Refusal('body-invalid', 'not JSON-RPC 2.0')
  return messages
}

const isMessage = (message: Json | undefined): message is JsonObject =>
  isObject(message) && message.jsonrpc === '2.0' && ['string', 'undefined'].includes(typeof message.method)

/** A member of a message's `params`. */
export function param(message: JsonObject, name: string): Json | undefined {
  return isObject(message.params) ? message.params[name] : undefined
}
