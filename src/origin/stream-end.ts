import type { BrokenOutcome, StreamOutcome } from '../ending'

export interface Guarded {
  readonly body: ReadableStream<Uint8Array>
  /** Settles when the body has ended, no matter how. It never rejects. */
  readonly done: Promise<StreamOutcome>
}

/**
 * The function that writes, in the agent's protocol, an event which reports a broken stream. If the
 * protocol has no such event, the connection is broken off instead.
 */
export type BrokenStream = ((code: string, message: string) => string) | undefined

/** The time at which a reply ends, even if the agent has more to send. */
export interface EndTime {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly outcome: 'expired' | 'limit'
}

/** The end of a reply, which comes even if the agent has more to send. */
export interface Ending {
  /** Milliseconds from now until the reply's time is over. The reply may end earlier. */
  readonly afterMs: number
  /**
   * Arranges that `work` is called with the reason when the reply has to end.
   * @returns a function that cancels the call
   */
  onEnd(work: (outcome: EndTime['outcome'] | 'revoked') => void): () => void
}

/** A code and a sentence for the caller, which the protocol's error event contains. */
export const WORDS: Readonly<Record<BrokenOutcome, readonly [code: string, message: string]>> = {
  cut: ['origin-cut', 'The connection to the agent was lost.'],
  stalled: ['origin-stalled', 'The agent has been silent for too long.'],
  unended: ['origin-unended', 'The agent ended the stream before the run was complete.'],
  expired: ['token-expired', 'The token has expired. Get a fresh one and try again.'],
  revoked: ['access-ended', 'An operator ended this access, or it cannot be confirmed.'],
  limit: ['stream-limit', 'The stream reached its time limit, or an event was too large.'],
}

const encoder = new TextEncoder()

export type Writer = WritableStreamDefaultWriter<Uint8Array>

/**
 * Writes the last text, and ends the reply in the normal way.
 * @returns `client-left` if the caller does not read it any more
 */
export async function endWith(writer: Writer, text: string, outcome: StreamOutcome): Promise<StreamOutcome> {
  try {
    if (text !== '') await writer.write(encoder.encode(text))
    await writer.close()
    return outcome
  } catch {
    return abandon(writer)
  }
}

/**
 * Breaks off the connection to the caller, because a reply that is not whole must not look
 * complete.
 */
export async function breakOff(writer: Writer, outcome: StreamOutcome): Promise<StreamOutcome> {
  await writer.abort(new Error(`the origin's reply was ${outcome}`)).catch(() => undefined)
  return outcome
}

export const abandon = (writer: Writer): Promise<StreamOutcome> => breakOff(writer, 'client-left')
