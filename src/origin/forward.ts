import { answeredInTime } from '../answered-in-time'
import type { Origin } from '../config/env'
import { Refusal } from '../errors/refusal'
import type { After } from '../ports'
import type { LimitedBody } from '../request/body'

/** One request, in the form in which it is sent to an origin. */
export interface OriginRequest {
  readonly method: string
  /** Path and query, as `originUri` returns them. */
  readonly uri: string
  readonly headers: Readonly<Record<string, string>>
  /** The body that the gateway has read and written anew, or an upload that it passes on unread. */
  readonly body: Uint8Array | LimitedBody | undefined
  /** Aborted when the caller leaves. The abort ends the agent's answer too. */
  readonly signal: AbortSignal
  /**
   * Aborted when the answer is not needed any more. If the caller has lost access, the reason of
   * the abort is the Refusal.
   */
  readonly stop?: AbortSignal | undefined
  readonly firstByteSeconds: number
}

/** Returns the path and query of a request as the origin receives them. */
export const originUri = ({ prefix, root }: Origin, rest: string, query: string): string =>
  (rest === '' ? root : prefix + rest) + query

/**
 * Sends a request to the origin, and never repeats it: a repeated request could start a second
 * run.
 *
 * @throws Refusal `origin-unreachable`, `origin-timeout`, `origin-reply-refused`, `body-too-large`
 *   or `client-gone`
 */
export async function forward(origin: Origin, request: OriginRequest, after: After): Promise<Response> {
  // Invariant 5 in ARCHITECTURE.md: a path that begins with a slash cannot change the host of the
  // URL.
  if (!request.uri.startsWith('/')) throw new Refusal('path-not-canonical', 'the path would change the host')

  const { body, signal } = request
  const upload = body instanceof Uint8Array ? undefined : body
  const { stop } = request
  const others = [upload?.givenUp, stop].filter((each) => each !== undefined)
  try {
    const answer = origin.fetch(origin.host + request.uri, {
      method: request.method,
      headers: request.headers,
      body: upload?.stream ?? (body as Uint8Array | undefined) ?? null,
      redirect: 'manual',
      // A cache would treat a request without `Authorization` as anonymous, even if the request
      // carries identity in other headers.
      cache: 'no-store',
      // The caller's `signal` is aborted only if wrangler.toml sets the flag
      // `request_signal_passthrough`.
      signal: others.length > 0 ? AbortSignal.any([signal, ...others]) : signal,
    })
    const response = await answeredInTime(after, request.firstByteSeconds * 1000, answer)
    // The refusal ends the caller's request. The request to the origin then ends with it.
    const most = request.firstByteSeconds
    if (!response) throw new Refusal('origin-timeout', undefined, { limit: { name: 'firstByteSeconds', most } })
    upload?.answered()
    return checked(response)
  } catch (thrown) {
    if (thrown instanceof Refusal) throw thrown
    if (signal.aborted) throw new Refusal('client-gone')
    if (stop?.reason instanceof Refusal) throw stop.reason
    if (upload?.givenUp.aborted) throw upload.givenUp.reason
    throw new Refusal('origin-unreachable', thrown instanceof Error ? thrown.name : undefined)
  }
}

/**
 * Refuses an answer with an unknown status, or with an interim status (1xx, RFC 9110 section 15.2).
 * A 101 with a WebSocket is accepted.
 */
function checked(response: Response): Response {
  const { status, webSocket } = response
  if (status < 200 && webSocket === null) throw new Refusal('origin-reply-refused', `interim status ${status}`)
  if (status > 599) throw new Refusal('origin-reply-refused', `unknown status ${status}`)
  return response
}
