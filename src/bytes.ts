/**
 * The size of the first buffer. It does not depend on the announced length, so that a sender who
 * announces many bytes and sends none uses no more memory. Later buffers follow the announced
 * length.
 */
const FIRST_ROOM = 8192
const LARGEST_ROOM = 65_536

declare global {
  interface ReadableStreamBYOBReader {
    /**
     * Waits until `min` bytes have come, or the stream has ended. workerd has this option, but its
     * type definitions lack it.
     */
    read<T extends ArrayBufferView>(view: T, options: { readonly min: number }): Promise<ReadableStreamReadResult<T>>
  }
}

/**
 * Gathers bytes in one growing buffer. `add` copies each chunk and does not keep the chunk itself.
 * In workerd, a chunk of one byte keeps a buffer of 4,096 bytes alive. So a list of chunks could
 * take thousands of times the memory of its contents.
 *
 * @invariant holds at most twice the bytes that it was given
 */
export class GrowingBytes {
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.byteLength
    const capacity = this.#buffer.byteLength
    // `transfer` frees the old buffer at once, not at the next garbage collection.
    if (length > capacity) this.#buffer = new Uint8Array(this.#buffer.buffer.transfer(roomFor(length, capacity)))
    this.#buffer.set(chunk, this.#length)
    this.#length = length
  }

  /** Returns the byte at this position from the end: 1 is the last. */
  fromEnd(count: number): number | undefined {
    return count > this.#length ? undefined : this.#buffer[this.#length - count]
  }

  /** Returns all bytes without copying them, and empties the buffer. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#buffer.subarray(0, this.#length)
    this.#buffer = new Uint8Array(0)
    this.#length = 0
    return bytes
  }
}

/**
 * Returns the size of the next buffer. The first chunk gets a buffer of exactly its size, since
 * most bodies come in one chunk.
 */
const roomFor = (length: number, capacity: number): number => (capacity === 0 ? length : Math.max(length, 2 * capacity))

/** An observer of a stream that is being read. */
export interface Watch {
  /** Called before the first read. @param stop ends the reading, as if the stream had ended */
  begin(stop: () => void): void
  /** Called after reads. @param bytes how many bytes have come since the last call */
  gathered(bytes: number): void
}

/**
 * Reads a stream to its end and counts the bytes as they come. Returns undefined if the stream has
 * more bytes than the limit, or if `watch` stopped the reading. In both cases the stream is
 * cancelled.
 *
 * @param expected the number of bytes that the sender announces. The function does not trust this
 *   number; if the number is right, fewer reads are needed
 */
export async function readAtMost(
  stream: ReadableStream<Uint8Array>,
  limit: number,
  expected?: number,
  watch?: Watch,
): Promise<Uint8Array | undefined> {
  const { bytes, isWhole } = await readStart(stream, limit, expected, watch)
  return isWhole ? bytes : undefined
}

/** Reads like `readAtMost`, but returns the bytes up to the limit if the stream has more. */
export async function readStart(
  stream: ReadableStream<Uint8Array>,
  limit: number,
  expected?: number,
  watch?: Watch,
): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }> {
  const reader = stream.getReader({ mode: 'byob' })
  // In workerd (the Workers runtime), a read that waits does not notice that its reader was
  // cancelled.
  const stopped = watch && new Promise<undefined>((resolve) => watch.begin(() => resolve(undefined)))
  const bytes = new GrowingBytes()
  // Asks for one byte more than expected. If a read then returns fewer bytes than it waited for,
  // the stream has ended.
  const left = () => (expected === undefined ? undefined : Math.max(1, expected + 1 - bytes.length))
  let room = new Uint8Array(Math.min(left() ?? FIRST_ROOM, FIRST_ROOM))
  for (;;) {
    const size = room.byteLength
    // If the length is known, a read waits until a buffer of up to 2 * FIRST_ROOM bytes is full. So
    // at most this many bytes have come that `watch` does not know of.
    const least = expected !== undefined && size <= 2 * FIRST_ROOM ? size : FIRST_ROOM
    const reading = reader.read(room, { min: least })
    const read = stopped ? await Promise.race([reading, stopped]) : await reading
    if (!read) {
      reader.cancel('given up').catch(() => undefined)
      return { bytes: bytes.take(), isWhole: false }
    }
    const { done, value } = read
    const hasEnded = done || value.byteLength < least
    if (hasEnded && bytes.length === 0 && value && value.byteLength <= limit) return { bytes: value, isWhole: true }
    if (value) {
      bytes.add(value)
      watch?.gathered(value.byteLength)
    }
    if (bytes.length > limit) {
      await reader.cancel('too large')
      return { bytes: bytes.take().subarray(0, limit), isWhole: false }
    }
    if (hasEnded) return { bytes: bytes.take(), isWhole: true }
    const next = Math.min(left() ?? (value.byteLength === size ? 2 * size : size), LARGEST_ROOM)
    room = next === size ? new Uint8Array(value.buffer) : new Uint8Array(next)
  }
}
