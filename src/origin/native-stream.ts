import type { StreamOutcome } from '../ending'
import { abandon, breakOff, type Ending, endWith, type Guarded } from './stream-end'

/**
 * Passes a body on unread. The runtime moves the bytes, and this function learns only how the body
 * ended. After a cut the function breaks off the connection to the caller without writing an error
 * event, because it does not know whether the last event was whole.
 *
 * @param signal aborted when the caller leaves
 * @param length of the body, if the gateway knows it. Without a length, a caller over HTTP/1.0
 *   cannot notice a cut
 */
export function pump(source: ReadableStream<Uint8Array>, signal: AbortSignal, end: Ending, length?: number): Guarded {
  const pipe = length === undefined ? new IdentityTransformStream() : new FixedLengthStream(length)
  const finish = async (): Promise<StreamOutcome> => {
    let outcome: StreamOutcome = 'complete'
    const ending = new AbortController()
    const cancelEnd = end.onEnd((why) => {
      outcome = why
      ending.abort()
    })
    try {
      const options = { preventClose: true, preventAbort: true, signal: ending.signal }
      await source.pipeTo(pipe.writable, options)
    } catch {
      if (!ending.signal.aborted) outcome = 'cut'
    }
    cancelEnd()
    const writer = pipe.writable.getWriter()
    if (signal.aborted) return abandon(writer)
    return outcome === 'complete' ? endWith(writer, '', outcome) : breakOff(writer, outcome)
  }
  return { body: pipe.readable, done: finish() }
}
