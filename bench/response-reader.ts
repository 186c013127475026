const END_OF_HEAD = Buffer.from('\r\n\r\n')
const CR_LF = Buffer.from('\r\n')

/**
 * Reads the part of HTTP/1.1 that the servers of this bench use. It counts the bytes of bodies and
 * does not keep them. A full client would take more CPU time than the gateways that it measures, on
 * the same two cores.
 */
export class ResponseReader {
  status = 0
  bodyBytes = 0
  isOpen = false
  mustClose = false
  #held: Buffer = Buffer.alloc(0)
  #left = 0
  #mode: 'head' | 'length' | 'size' | 'chunk' | 'trailer' | 'until-close' = 'head'

  /** Takes the next bytes. @returns whether the response is complete */
  push(chunk: Buffer): boolean {
    let bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk
    this.#held = Buffer.alloc(0)
    while (bytes.length > 0 || (this.#mode === 'length' && this.#left === 0)) {
      const rest = this.#take(bytes)
      if (rest === 'done') return true
      if (rest === undefined) {
        this.#held = bytes
        return false
      }
      bytes = rest
    }
    return false
  }

  /** Returns the remaining bytes, 'done', or undefined if more bytes are needed. */
  #take(bytes: Buffer): Buffer | 'done' | undefined {
    if (this.#mode === 'head') return this.#takeHead(bytes)
    if (this.#mode === 'until-close') {
      this.bodyBytes += bytes.length
      return bytes.subarray(bytes.length)
    }
    if (this.#mode === 'size' || this.#mode === 'trailer') {
      const end = bytes.indexOf(CR_LF)
      if (end < 0) return undefined
      if (this.#mode === 'trailer') return end === 0 ? this.#reset() : bytes.subarray(end + 2)
      const size = Number.parseInt(bytes.toString('latin1', 0, end), 16)
      this.#left = size + 2
      this.#mode = size === 0 ? 'trailer' : 'chunk'
      return bytes.subarray(end + 2)
    }
    const taken = Math.min(this.#left, bytes.length)
    const isChunk = this.#mode === 'chunk'
    this.bodyBytes += isChunk ? Math.max(0, Math.min(taken, this.#left - 2)) : taken
    this.#left -= taken
    if (this.#left === 0) {
      if (!isChunk) return this.#reset()
      this.#mode = 'size'
    }
    return bytes.subarray(taken)
  }

  #takeHead(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf(END_OF_HEAD)
    if (end < 0) return undefined
    const head = bytes.toString('latin1', 0, end).toLowerCase()
    this.status = Number(head.slice(9, 12))
    this.bodyBytes = 0
    this.isOpen = true
    this.mustClose = head.includes('\r\nconnection: close')
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1]
    if (length !== undefined) {
      this.#mode = 'length'
      this.#left = Number(length)
    } else {
      this.#mode = head.includes('\r\ntransfer-encoding: chunked') ? 'size' : 'until-close'
    }
    return bytes.subarray(end + 4)
  }

  #reset(): 'done' {
    this.#mode = 'head'
    this.isOpen = false
    return 'done'
  }
}
