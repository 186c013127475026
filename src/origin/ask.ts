import { readAtMost } from '../bytes'
import { Refusal } from '../errors/refusal'
import { type Json, parseJson } from '../json'
import type { After } from '../ports'
import type { Ask } from '../threads/context'

/** How many bytes the agent itself may add to an answer, beyond the bytes that callers sent. */
const ROOM_BYTES = 1024 * 1024

export interface Question {
  readonly method: string
  /** The path, below the route. */
  readonly path: string
  readonly json: Json | undefined
}

/**
 * Creates the function that sends the gateway's own requests to an agent, using `send`.
 *
 * @param limits the route's limits. An answer can repeat the whole body with which a run or a cron
 *   was created, perhaps with more escapes
 * @returns a function that throws the Refusals of `send`, `origin-unreachable` for an answer that
 *   is cut, and `origin-reply-refused` for one that is too large
 */
export function askThrough(
  send: (question: Question, stop: AbortSignal) => Promise<Response>,
  limits: { readonly firstByteSeconds: number; readonly bodyBytes: number },
  after: After,
): Ask {
  return async (method, path, json, waitFor = 'answer') => {
    const stop = new AbortController()
    try {
      const { status, body } = await send({ method, path, json }, stop.signal)
      // The rest of the answer may take as long as its beginning was allowed to take.
      after(limits.firstByteSeconds * 1000, () => stop.abort())
      if (waitFor === 'end') await ended(body)
      if (waitFor !== 'answer') return { status, answer: undefined }
      return { status, answer: body ? parseJson(await read(body, 2 * limits.bodyBytes + ROOM_BYTES)) : undefined }
    } finally {
      // Ends the gateway's own request to the agent in any case. The caller's request goes on.
      stop.abort()
    }
  }
}

async function read(body: ReadableStream<Uint8Array>, limit: number): Promise<string> {
  const bytes = await readAtMost(body, limit).catch(() => {
    throw new Refusal('origin-unreachable', 'answer cut')
  })
  if (!bytes) throw new Refusal('origin-reply-refused', 'answer too large')
  return new TextDecoder().decode(bytes)
}

async function ended(body: ReadableStream<Uint8Array> | null): Promise<void> {
  await body?.pipeTo(new WritableStream()).catch(() => {
    throw new Refusal('origin-unreachable', 'answer cut')
  })
}
