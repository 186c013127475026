import type { StreamOutcome } from '../ending'

export interface Guarded {
  readonly body: ReadableStream<Uint8Array>
  /** Settles when the last byte has gone, one way or another. It never rejects. */
  readonly done: Promise<StreamOutcome>
}

/** How a protocol says that a stream broke. Where it is absent, the connection is broken off. */
export type BrokenStream = ((code: string, message: string) => string) | undefined

export const CUT = 'The connection to the agent was lost before the stream was complete.'

const encoder = new TextEncoder()

export type Writer = WritableStreamDefaultWriter<Uint8Array>

/** Writes the last words, and ends the reply as complete. @returns `client-left` where nobody reads it any more */
export async function endWith(writer: Writer, text: string, outcome: StreamOutcome): Promise<StreamOutcome> {
  try {
    if (text !== '') await writer.write(encoder.encode(text))
    await writer.close()
    return outcome
  } catch {
    return abandon(writer)
  }
}

/** Ends the connection, not the reply: what is not whole may not end as if it were. */
export async function breakOff(writer: Writer, outcome: StreamOutcome): Promise<StreamOutcome> {
  await writer.abort(new Error(`the origin's reply was ${outcome}`)).catch(() => undefined)
  return outcome
}

export const abandon = (writer: Writer): Promise<StreamOutcome> => breakOff(writer, 'client-left')
