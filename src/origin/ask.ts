import { readAtMost } from '../bytes'
import { Refusal } from '../errors/refusal'
import { type Json, parseJson } from '../json'
import type { After } from '../ports'
import type { Ask } from '../threads/context'

/** Bytes that an answer may hold beyond what callers sent: the agent itself writes there too. */
const ROOM_BYTES = 1024 * 1024

export interface Question {
  readonly method: string
  /** Below the route. */
  readonly path: string
  readonly json: Json | undefined
}

/**
 * The gateway's own questions to an agent, over what makes requests to it.
 *
 * @param limits a run or a cron comes back with the whole body that it was made with, perhaps
 * written with more escapes
 * @returns what throws the Refusals of `send`, `origin-unreachable` for an answer that is cut and
 * `origin-reply-refused` for one
 *   that is too large
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
      // Once the answer has begun it may take no longer than it took to begin.
      after(limits.firstByteSeconds * 1000, () => stop.abort())
      if (waitFor === 'end') await ended(body)
      if (waitFor !== 'answer') return { status, answer: undefined }
      return { status, answer: body ? parseJson(await read(body, 2 * limits.bodyBytes + ROOM_BYTES)) : undefined }
    } finally {
      // However it ended, and while the request that it was asked for goes on.
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
