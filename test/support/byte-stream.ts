/**
 * A stream of bytes in chunks, as workerd has them, and whether its reader gave it up. Node's own
 * bodies will not do where a read waits for more bytes than there are: they end it with an error
 * (Node 24.21).
 */
export function streamOf(chunks: readonly Uint8Array[]) {
  const rest = [...chunks]
  const state = { isCancelled: false }
  const source: UnderlyingByteSource = {
    type: 'bytes',
    pull(controller) {
      const next = rest.shift()
      if (next) return controller.enqueue(next.slice())
      controller.close()
      controller.byobRequest?.respond(0)
    },
    cancel() {
      state.isCancelled = true
    },
  }
  return { stream: new ReadableStream(source as UnderlyingSource<Uint8Array>), state }
}

/** A reply whose body is such a stream. */
export const textReply = (text: string, init: ResponseInit = {}): Response =>
  new Response(streamOf([new TextEncoder().encode(text)]).stream, init)
