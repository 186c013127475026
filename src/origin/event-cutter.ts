import { GrowingBytes } from '../bytes'

const LF = 10
const CR = 13

/** The largest event that is accepted. AG-UI's own client gives up at 10 MB. */
const MAX_EVENT_BYTES = 8 * 1024 * 1024

/** Thrown for an event that is larger than `MAX_EVENT_BYTES`. */
export class EventTooLarge extends Error {}

/**
 * Cuts a byte stream of server-sent events at its blank lines. Whole events pass. A part of an
 * event is held until the rest of the event has come. Bytes are neither decoded nor changed.
 */
export class EventCutter {
  readonly #held = new GrowingBytes()

  /** Adds a chunk, and returns all events that it completes; undefined if it completes none. */
  push(chunk: Uint8Array): Uint8Array | undefined {
    const end = this.#lastBlankLine(chunk)
    if (end === 0) {
      this.#hold(chunk)
      return undefined
    }
    const complete = this.#release(chunk.subarray(0, end))
    if (end < chunk.byteLength) this.#hold(chunk.subarray(end))
    return complete
  }

  /**
   * Returns the held bytes when the stream ends. They are an event without its blank line;
   * undefined if no bytes are held.
   */
  rest(): Uint8Array | undefined {
    return this.#held.length > 0 ? this.#held.take() : undefined
  }

  #hold(part: Uint8Array): void {
    this.#held.add(part)
    if (this.#held.length > MAX_EVENT_BYTES) throw new EventTooLarge()
  }

  #release(part: Uint8Array): Uint8Array {
    if (this.#held.length === 0) return part
    this.#held.add(part)
    return this.#held.take()
  }

  /**
   * Returns the position in the chunk at which the last blank line ends, or 0 if no blank line ends
   * in the chunk. The blank line may have begun in the held bytes.
   */
  #lastBlankLine(chunk: Uint8Array): number {
    for (let index = chunk.byteLength - 1; index >= 0; index--) {
      const byte = chunk[index]
      if (byte !== LF && byte !== CR) continue
      const before = this.#at(chunk, index - 1)
      if (before === byte || (byte === LF && before === CR && this.#at(chunk, index - 2) === LF)) return index + 1
    }
    return 0
  }

  #at(chunk: Uint8Array, index: number): number | undefined {
    return index >= 0 ? chunk[index] : this.#held.fromEnd(-index)
  }
}
