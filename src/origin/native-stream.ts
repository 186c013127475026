import type { StreamOutcome } from '../ending'
import { abandon, type BrokenStream, breakOff, CUT, endWith, type Guarded } from './stream-end'

/**
 * The native gear: the runtime moves the bytes, and this code hears only how it ended. After a cut it says so in the
 * protocol's own words; the blank line before ends an event that was cut in half.
 *
 * @param length of the body, where it is known: a caller over HTTP/1.0 has nothing else to see by that it was cut
 */
export function pump(
  source: ReadableStream<Uint8Array>,
  brokenStream: BrokenStream,
  signal: AbortSignal,
  length?: number,
): Guarded {
  const pipe = length === undefined ? new IdentityTransformStream() : new FixedLengthStream(length)
  const finish = async (): Promise<StreamOutcome> => {
    let whole = true
    try {
      await source.pipeTo(pipe.writable, { preventClose: true, preventAbort: true })
    } catch {
      whole = false
    }
    const writer = pipe.writable.getWriter()
    if (signal.aborted) return abandon(writer)
    if (whole) return endWith(writer, '', 'complete')
    return brokenStream ? endWith(writer, `\n\n${brokenStream('origin-cut', CUT)}`, 'cut') : breakOff(writer, 'cut')
  }
  return { body: pipe.readable, done: finish() }
}
