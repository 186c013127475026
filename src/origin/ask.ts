import { readAtMost } from '../bytes'
import { Refusal } from '../errors/refusal'
import type { Ask } from '../threads/keeper'
import type { Answer } from './forward'

/** What the gate asks for is small. */
const MAX_BYTES = 256 * 1024

/**
 * The gate's own questions to an agent, over what makes requests to it.
 *
 * @returns what throws the Refusals of `send`, `origin-unreachable` for an answer that is cut and `origin-reply-refused` for one
 *   that is too large
 */
export function askThrough(
  send: (...question: Parameters<Ask>) => Promise<Answer>,
  { firstByteSeconds }: { readonly firstByteSeconds: number },
): Ask {
  return async (...question) => {
    const { response, abort } = await send(...question)
    // The answer is small: once it has begun it may take no longer than it took to begin.
    const timer = setTimeout(abort, firstByteSeconds * 1000)
    try {
      const bytes = response.body ? await read(response.body) : new Uint8Array()
      return { status: response.status, answer: jsonOf(bytes) }
    } finally {
      clearTimeout(timer)
      abort()
    }
  }
}

async function read(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const bytes = await readAtMost(body, MAX_BYTES).catch(() => {
    throw new Refusal('origin-unreachable', 'answer cut')
  })
  if (!bytes) throw new Refusal('origin-reply-refused', 'answer too large')
  return bytes
}

function jsonOf(bytes: Uint8Array) {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
