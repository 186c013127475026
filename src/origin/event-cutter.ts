const LF = 10
const CR = 13
const NOTHING: readonly number[] = []

/** An event larger than this is not an event any more; AG-UI's own client gives up at 10 MB. */
const MAX_EVENT_BYTES = 8 * 1024 * 1024

/**
 * Cuts a byte stream of server-sent events at its blank lines, so that whole events pass and a part of one is held until the
 * rest has come. Bytes are not decoded: what goes in comes out.
 */
export class EventCutter {
  #held: Uint8Array[] = []
  #heldBytes = 0

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
    return this.#heldBytes > 0 ? this.#release(new Uint8Array()) : undefined
  }

  #hold(part: Uint8Array): void {
    this.#held.push(part)
    this.#heldBytes += part.byteLength
    if (this.#heldBytes > MAX_EVENT_BYTES) throw new Error('event too large')
  }

  #release(part: Uint8Array): Uint8Array {
    if (this.#heldBytes === 0) return part
    const whole = new Uint8Array(this.#heldBytes + part.byteLength)
    let offset = 0
    for (const each of [...this.#held, part]) {
      whole.set(each, offset)
      offset += each.byteLength
    }
    this.#held = []
    this.#heldBytes = 0
    return whole
  }

  /** Where the last blank line within the chunk ends; its first line end may be in what is held. 0: there is none. */
  #lastBlankLine(chunk: Uint8Array): number {
    const tail = this.#heldBytes > 0 ? this.#tail() : NOTHING
    const at = (index: number) => (index >= 0 ? chunk[index] : tail[tail.length + index])
    for (let index = chunk.byteLength - 1; index >= 0; index--) {
      const byte = chunk[index]
      if (byte !== LF && byte !== CR) continue
      const before = at(index - 1)
      if (before === byte || (byte === LF && before === CR && at(index - 2) === LF)) return index + 1
    }
    return 0
  }

  #tail(): number[] {
    const bytes: number[] = []
    for (let part = this.#held.length - 1; part >= 0 && bytes.length < 2; part--) {
      bytes.unshift(...(this.#held[part]?.subarray(-2) ?? []))
    }
    return bytes
  }
}
