/**
 * Room for one read at first, whatever the sender says: one who sends nothing keeps no more. Later
 * rooms follow what was said.
 */
const FIRST_ROOM = 8192
const LARGEST_ROOM = 65_536

declare global {
  interface ReadableStreamBYOBReader {
    /**
     * Waits until so many bytes are there, or the stream has ended. workerd has it; its types do
     * not.
     */
    read<T extends ArrayBufferView>(view: T, options: { readonly min: number }): Promise<ReadableStreamReadResult<T>>
  }
}

/**
 * Bytes that are gathered in one buffer, which grows. It holds copies, never the chunks that it is
 * given: a chunk of one byte keeps a buffer of 4,096 alive (workerd), so that a list of chunks may
 * cost thousands of times what is in them.
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
    // `transfer` gives the old buffer back at once, and not when the garbage is collected.
    if (length > capacity) this.#buffer = new Uint8Array(this.#buffer.buffer.transfer(roomFor(length, capacity)))
    this.#buffer.set(chunk, this.#length)
    this.#length = length
  }

  /** The byte that is so many from the end: 1 is the last. */
  fromEnd(count: number): number | undefined {
    return count > this.#length ? undefined : this.#buffer[this.#length - count]
  }

  /** Gives everything away, without a copy, and holds nothing afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#buffer.subarray(0, this.#length)
    this.#buffer = new Uint8Array(0)
    this.#length = 0
    return bytes
  }
}

/** The first piece gets what it needs, since most bodies come in one. */
const roomFor = (length: number, capacity: number): number => (capacity === 0 ? length : Math.max(length, 2 * capacity))

/** Looks on while a stream is read. */
export interface Watch {
  /** @param stop ends the reading, as if the stream had ended */
  begin(stop: () => void): void
  /** @param bytes so many since the last time */
  gathered(bytes: number): void
}

/**
 * Reads a stream to its end, counting bytes as they come. Undefined means that there was more than
 * the limit; the stream is then cancelled.
 *
 * @param expected how many bytes the sender says there are. It is not believed, and saves reads
 *   where it is true
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

/** The same, with the bytes up to the limit where there was more. */
export async function readStart(
  stream: ReadableStream<Uint8Array>,
  limit: number,
  expected?: number,
  watch?: Watch,
): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }> {
  const reader = stream.getReader({ mode: 'byob' })
  // A read that waits does not hear that its reader was cancelled (workerd).
  const stopped = watch && new Promise<undefined>((resolve) => watch.begin(() => resolve(undefined)))
  const bytes = new GrowingBytes()
  // A byte more than is expected: a read that gets less than it waits for says that the stream has
  // ended.
  const left = () => (expected === undefined ? undefined : Math.max(1, expected + 1 - bytes.length))
  let room = new Uint8Array(Math.min(left() ?? FIRST_ROOM, FIRST_ROOM))
  for (;;) {
    const size = room.byteLength
    // The last of it is waited for whole. A watch hears of no more than that too late.
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
