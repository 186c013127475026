import { joined } from '../bytes'

/** More is not taken before what waits has gone: the caller is slower than the agent. */
const MAX_WAITING_BYTES = 64 * 1024

/**
 * What is written to a caller. While one write is on its way, what comes meanwhile waits and then goes as one: a write costs
 * about the same for one event as for many. What comes alone goes at once.
 */
export class Outbox {
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #sending: Promise<void> | undefined

  /** @param failed called when a write fails, which is when the caller has gone */
  constructor(
    readonly writer: WritableStreamDefaultWriter<Uint8Array>,
    readonly failed: () => void,
  ) {}

  get isBusy(): boolean {
    return this.#sending !== undefined
  }

  /** Takes what shall be written, and resolves when more can be taken. It never rejects. */
  async put(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.byteLength
    this.#sending ??= this.#send()
    if (this.#waitingBytes > MAX_WAITING_BYTES) await this.#sending
  }

  /** Resolves when everything has gone, or cannot go any more. */
  async drained(): Promise<void> {
    await this.#sending
  }

  async #send(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const bytes = joined(this.#waiting, this.#waitingBytes)
        this.#waiting = []
        this.#waitingBytes = 0
        await this.writer.write(bytes)
      }
    } catch {
      this.failed()
    }
    this.#sending = undefined
  }
}
