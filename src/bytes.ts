/**
 * Reads a stream to its end, counting bytes as they come, and gives up past the limit: what `Content-Length` promises is
 * not believed. Undefined means that there was more; the stream is then cancelled.
 */
export async function readAtMost(stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array | undefined> {
  const reader = stream.getReader()
  const parts: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size > limit) {
      await reader.cancel('too large')
      return undefined
    }
    parts.push(value)
  }
  if (parts.length === 1 && parts[0]) return parts[0]
  const whole = new Uint8Array(size)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.byteLength
  }
  return whole
}
