import type { Adapter } from '../agents/adapter'
import type { Endpoint } from '../agents/endpoints'
import { Refusal } from '../errors/refusal'
import type { Json } from '../json'
import { isEncoded, isForm, type LimitedBody, limitBody, readJson } from './body'
import type { BodyRead } from './body-reads'

/**
 * How much of a body is read before the caller is known: enough for a token and a conversation of
 * some length.
 */
export const EARLY_BYTES = 256 * 1024

/** Takes the tokens out of a body, where the route's kind has places for them. */
export const tokensIn = ({ adapter }: { readonly adapter: Adapter }, body: Json | undefined): readonly Json[] =>
  body === undefined ? [] : (adapter.takeTokens?.(body) ?? [])

/** The body of a request: read once, when it is asked for. */
export interface Incoming {
  /**
   * The body of an endpoint that takes JSON, the same value each time; undefined where there is no
   * body or it is not read.
   * @throws Refusal those of `readJson`
   */
  json(): Promise<Json | undefined>
  /**
   * The body of an endpoint that takes something else.
   * @throws Refusal `body-too-large` or `media-type-refused`
   */
  upload(): LimitedBody | undefined
}

/** @param endpoint absent where none matches the request: then the body stays unread */
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
      // This header is not sent to an agent whose bodies are forms, and without it the body means
      // something else.
      if (endpoint.form && isEncoded(request.headers)) throw new Refusal('media-type-refused', 'content-encoding')
      return limitBody(request, maxBytes)
    },
  }
}
