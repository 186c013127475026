/**
 * Reads a stream to its end, counting bytes as they come: what `Content-Length` promises is not
 * believed. Undefined means that there was more than the limit; the stream is then cancelled.
 */
export async function readAtMost(stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array | undefined> {
  const { bytes, isWhole } = await readStart(stream, limit)
  return isWhole ? bytes : undefined
}

/** The same, with the bytes up to the limit where there was more. */
export async function readStart(
  stream: ReadableStream<Uint8Array>,
  limit: number,
): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }> {
  const reader = stream.getReader()
  const parts: Uint8Array[] = []
  let size = 0
  let isWhole = true
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    parts.push(value)
    size += value.byteLength
    if (size <= limit) continue
    isWhole = false
    await reader.cancel('too large')
    break
  }
  if (isWhole && parts.length === 1 && parts[0]) return { bytes: parts[0], isWhole }
  const whole = new Uint8Array(size)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.byteLength
  }
  return { bytes: isWhole ? whole : whole.subarray(0, limit), isWhole }
}
