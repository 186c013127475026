import type { Adapter } from '../agents/adapter'
import type { Endpoint } from '../agents/endpoints'
import { Refusal } from '../errors/refusal'
import type { Json } from '../json'
import { isEncoded, isForm, type LimitedBody, limitBody, readJson } from './body'
import type { BodyRead } from './body-reads'

/**
 * The most bytes of a body that are read before the caller is known. They are enough for a token
 * and a conversation of some length.
 */
export const EARLY_BYTES = 256 * 1024

/** Takes the tokens out of a body, if the route's kind of agent has places for them. */
export const tokensIn = ({ adapter }: { readonly adapter: Adapter }, body: Json | undefined): readonly Json[] =>
  body === undefined ? [] : (adapter.takeTokens?.(body) ?? [])

/** The body of a request. The gateway reads it only once, at the first call of a method. */
export interface Incoming {
  /**
   * Returns the parsed body if the endpoint takes JSON, and the same value at each call. Returns
   * undefined if the request has no body, or its body is not read.
   * @throws Refusal those of `readJson`
   */
  json(): Promise<Json | undefined>
  /**
   * Returns the unread body if the endpoint takes something other than JSON.
   * @throws Refusal `body-too-large` or `media-type-refused`
   */
  upload(): LimitedBody | undefined
}

/**
 * Creates the `Incoming` of a request.
 * @param endpoint absent if no endpoint matches the request; the body then stays unread
 */
export function incomingBody(
  request: Request,
  endpoint: Endpoint | undefined,
  maxBytes: number,
  beginRead: () => BodyRead,
): Incoming {
  const isJson = endpoint?.body === 'json' && !(endpoint.form && isForm(request.headers))
  let json: Promise<Json | undefined> | undefined
  return {
    json() {
      json ??= isJson ? readJson(request, maxBytes, beginRead()) : Promise.resolve(undefined)
      return json
    },
    upload() {
      if (!endpoint?.body || isJson) return undefined
      // The gateway does not send `content-encoding` to an agent that takes forms. Without this
      // header the agent would misread an encoded body.
      if (endpoint.form && isEncoded(request.headers)) throw new Refusal('media-type-refused', 'content-encoding')
      return limitBody(request, maxBytes)
    },
  }
}
