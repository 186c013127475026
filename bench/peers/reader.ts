/**
 * The simplest possible gateway that reads every event: it takes each chunk from the runtime and
 * gives it back.
 */
export default {
  async fetch(request: Request, { ORIGIN }: { ORIGIN: string }): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    const response = await fetch(ORIGIN + pathname + search, request)
    const pipe = new IdentityTransformStream()
    if (response.body) void pass(response.body, pipe.writable)
    return new Response(pipe.readable, response)
  },
}

declare class IdentityTransformStream extends TransformStream<Uint8Array, Uint8Array> {}

async function pass(from: ReadableStream<Uint8Array>, to: WritableStream<Uint8Array>): Promise<void> {
  const reader = from.getReader()
  const writer = to.getWriter()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return writer.close()
    await writer.write(value)
  }
}
