import { decodeJwt } from 'jose'
import type { TappedCall } from './tap'

export type Headers = Record<string, string>

/** The form of ids that the gateway derives. */
export const DERIVED = /[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g
export const isDerived = (id: unknown): boolean => new RegExp(`^${DERIVED.source}$`).test(String(id))

/** The parts that differ from one answer to the next, for every caller. */
const CHANGING =
  /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}|\b\d{13}\b|\d{4}-\d\d-\d\dT[\d:.]+Z?|chatcmpl-[\w-]+/g
const OWN_HEADERS = ['date', 'x-request-id', 'traceparent']

/** All that a caller can tell of an answer, with its own ids and what changes anyway made alike. */
export async function shown(response: Response, ...ids: readonly string[]): Promise<object> {
  let body = await response.text().catch(() => '(broken off)')
  for (const id of ids) body = body.replaceAll(JSON.stringify(id).slice(1, -1), '(id)')
  // The ETag is a digest of the agent's answer, which has ids of its own; the length is comparable.
  const headers = [...response.headers]
    .filter(([name]) => !OWN_HEADERS.includes(name))
    .map(([name, value]) => [name, name === 'etag' ? value.replace(/-.*/, '') : value])
  return { status: response.status, headers, body: body.replace(CHANGING, '(changing)') }
}

/** The thread that the gateway has signed. */
export function signedThread({ headers }: TappedCall): unknown {
  const word = headers['x-sallyport-assertion'] ?? headers.authorization?.replace('Bearer ', '')
  return decodeJwt(String(word)).thread_id
}

/** The ids in the body of the last call, as the agent knows them. */
export function idsOf(calls: readonly TappedCall[]): { readonly threadId: string; readonly runId: string } {
  return calls.at(-1)?.body as unknown as { threadId: string; runId: string }
}
