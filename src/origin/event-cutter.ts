import { GrowingBytes } from '../bytes'

const LF = 10
const CR = 13

/** An event larger than this is not an event any more; AG-UI's own client gives up at 10 MB. */
const MAX_EVENT_BYTES = 8 * 1024 * 1024

/** Thrown for an event that is larger than one may be. */
export class EventTooLarge extends Error {}

/**
 * Cuts a byte stream of server-sent events at its blank lines, so that whole events pass and a part
 * of one is held until the rest has come. Bytes are not decoded: what goes in comes out.
 */
export class EventCutter {
  readonly #held = new GrowingBytes()

  /** Everything that is complete with this chunk, or undefined while no event is. */
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

  /** The rest when the stream ends: an event without its blank line. */
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
   * Where the last blank line within the chunk ends; its first line end may be in what is held. 0:
   * there is none.
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
