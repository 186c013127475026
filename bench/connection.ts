import { connect, type Socket } from 'node:net'
import { ResponseReader } from './response-reader.ts'

export interface Answer {
  readonly status: number
  readonly bodyBytes: number
  /** Milliseconds from the request to the first bytes of the body. */
  readonly firstMs: number
  readonly wholeMs: number
}

/** One keep-alive connection, with one request at a time. */
export class Connection {
  #socket: Socket | undefined
  #reader = new ResponseReader()
  #pending: { began: number; first: number; resolve(answer: Answer): void; reject(error: Error): void } | undefined

  readonly port: number

  constructor(port: number) {
    this.port = port
  }

  send(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#pending = { began: performance.now(), first: 0, resolve, reject }
      this.#socket ??= this.#open()
      this.#socket.write(request)
    })
  }

  /** Sends a request, and resolves when the body has begun. The stream stays open. */
  async open(request: Buffer): Promise<void> {
    const ended = this.send(request).then(() => {
      throw new Error('the stream ended')
    })
    ended.catch(() => undefined)
    const begun = new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (!this.#reader.isOpen) return
        clearInterval(look)
        resolve()
      }, 5)
    })
    await Promise.race([begun, ended])
  }

  close(): void {
    this.#pending = undefined
    this.#socket?.destroy()
    this.#socket = undefined
  }

  /**
   * Closes the connection by a reset. A reset is noticed even on a silent stream that is forwarded
   * unread.
   */
  reset(): void {
    this.#socket?.resetAndDestroy()
    this.close()
  }

  #open(): Socket {
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true })
    this.#reader = new ResponseReader()
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error) => this.#fail(socket, error))
    socket.on('close', () => this.#fail(socket, new Error('the connection was closed')))
    return socket
  }

  #read(chunk: Buffer): void {
    const pending = this.#pending
    const isWhole = this.#reader.push(chunk)
    if (!pending) return
    if (pending.first === 0 && this.#reader.bodyBytes > 0) pending.first = performance.now()
    if (!isWhole) return
    const now = performance.now()
    const { status, bodyBytes, mustClose } = this.#reader
    this.#pending = undefined
    if (mustClose) this.close()
    pending.resolve({
      status,
      bodyBytes,
      firstMs: (pending.first || now) - pending.began,
      wholeMs: now - pending.began,
    })
  }

  #fail(socket: Socket, error: Error): void {
    if (this.#socket !== socket) return
    this.#socket = undefined
    this.#pending?.reject(error)
    this.#pending = undefined
  }
}
