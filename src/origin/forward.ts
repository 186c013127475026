import type { Origin } from '../config/env'
import { Refusal } from '../errors/refusal'

export interface Outgoing {
  readonly method: string
  /** Path and query as `originUri` gives them. */
  readonly uri: string
  readonly headers: Readonly<Record<string, string>>
  /** What was read and written anew, or a stream with the signal that it has to be given up. */
  readonly body:
    | Uint8Array
    | { readonly stream: ReadableStream<Uint8Array>; readonly overflow: AbortSignal }
    | undefined
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal
  readonly firstByteSeconds: number
}

export interface Answer {
  readonly response: Response
  /** Stops the origin, for instance because the stream to the caller has ended. */
  readonly abort: () => void
}

/** Path and query as the origin sees them. */
export const originUri = ({ prefix, root }: Origin, rest: string, query: string): string =>
  (rest === '' ? root : prefix + rest) + query

/**
 * Makes the one request to the origin. It is never repeated: a run that was started twice is two runs.
 *
 * @throws Refusal `origin-unreachable`, `origin-timeout`, `origin-reply-refused`, `body-too-large` or `client-gone`
 */
export async function forward(origin: Origin, outgoing: Outgoing): Promise<Answer> {
  // Invariant 5: what follows a host and begins with a slash cannot change it.
  if (!outgoing.uri.startsWith('/')) throw new Refusal('path-not-canonical', 'the path would change the host')

  const { body, signal } = outgoing
  const upload = body instanceof Uint8Array ? undefined : body
  const controller = new AbortController()
  const abort = () => controller.abort()
  for (const reason of [signal, upload?.overflow]) reason?.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  let late = false
  const timer = setTimeout(() => {
    late = true
    abort()
  }, outgoing.firstByteSeconds * 1000)
  try {
    const response = await origin.fetch(origin.host + outgoing.uri, {
      method: outgoing.method,
      headers: outgoing.headers,
      body: upload?.stream ?? (body as Uint8Array | undefined) ?? null,
      redirect: 'manual',
      // Without `Authorization` of its own kind, a shared cache would take this for an anonymous request.
      cache: 'no-store',
      signal: controller.signal,
    })
    return { response: checked(response), abort }
  } catch (thrown) {
    if (thrown instanceof Refusal) throw thrown
    if (signal.aborted) throw new Refusal('client-gone')
    if (upload?.overflow.aborted) throw new Refusal('body-too-large')
    throw new Refusal(late ? 'origin-timeout' : 'origin-unreachable', thrown instanceof Error ? thrown.name : undefined)
  } finally {
    clearTimeout(timer)
  }
}

/** An interim status (RFC 9110 section 15.2) as a final one is no answer; 101 is one only where an upgrade was asked for. */
function checked(response: Response): Response {
  if (response.status < 200 && response.webSocket === null) {
    throw new Refusal('origin-reply-refused', `interim status ${response.status}`)
  }
  return response
}
