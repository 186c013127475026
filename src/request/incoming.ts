import type { Endpoint } from '../agents/endpoints'
import type { Json } from '../json'
import { isForm, type LimitedBody, limitBody, readJson } from './body'

/** The body of a request: read once, when it is asked for. */
export interface Incoming {
  /**
   * The body of an endpoint that takes JSON, the same value each time; undefined where there is no body or it is not read.
   * @throws Refusal those of `readJson`
   */
  json(): Promise<Json | undefined>
  /**
   * The body of an endpoint that takes something else.
   * @throws Refusal `body-too-large`
   */
  upload(): LimitedBody | undefined
}

/** @param endpoint absent where none matches the request: then the body stays unread */
export function incomingBody(request: Request, endpoint: Endpoint | undefined, maxBytes: number): Incoming {
  const isJson = endpoint?.body === 'json' && !(endpoint.form && isForm(request.headers))
  let json: Promise<Json | undefined> | undefined
  return {
    json() {
      json ??= isJson ? readJson(request, maxBytes) : Promise.resolve(undefined)
      return json
    },
    upload: () => (endpoint?.body && !isJson ? limitBody(request, maxBytes) : undefined),
  }
}
