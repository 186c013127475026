import { type FileHandle, open } from 'node:fs/promises'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as sleep } from 'node:timers/promises'
import { AuditTally } from './audit-tally.ts'

const PIECE_BYTES = 4 * 2 ** 20
const MOST_SECONDS = 30
/**
 * How long to wait for more lines, since a second line of a request may come later than the first.
 */
const SETTLE_MS = 500

/**
 * Reads the audit lines of requests 1 to `sent`, and waits for missing ones.
 * @param mayMiss requests that may have no audit line
 */
export async function readAudit(name: string, sent: number, mayMiss: ReadonlySet<number>): Promise<AuditTally> {
  const tally = new AuditTally()
  const file = await AuditFile.open(name, tally)
  const awaited = Array.from({ length: sent }, (_, index) => index + 1).filter((trace) => !mayMiss.has(trace))
  const until = performance.now() + MOST_SECONDS * 1000
  await file.read()
  while (awaited.some((trace) => tally.finalOf(trace).length === 0) && performance.now() < until) {
    await sleep(200)
    await file.read()
  }
  await sleep(SETTLE_MS)
  await file.read()
  await file.close()
  return tally
}

/** Reads a growing file of audit lines, line by line, and counts them in a tally. */
class AuditFile {
  #at = 0
  #held = ''
  readonly #decoder = new StringDecoder()
  readonly #piece = Buffer.alloc(PIECE_BYTES)

  readonly #file: FileHandle
  readonly #tally: AuditTally

  private constructor(file: FileHandle, tally: AuditTally) {
    this.#file = file
    this.#tally = tally
  }

  static async open(file: string, tally: AuditTally): Promise<AuditFile> {
    return new AuditFile(await open(file), tally)
  }

  /** Reads all lines that were added since the last call. */
  async read(): Promise<void> {
    for (;;) {
      const { bytesRead } = await this.#file.read(this.#piece, 0, PIECE_BYTES, this.#at)
      if (bytesRead === 0) return
      this.#at += bytesRead
      const lines = (this.#held + this.#decoder.write(this.#piece.subarray(0, bytesRead))).split('\n')
      this.#held = lines.pop() ?? ''
      for (const line of lines) this.#tally.add(line)
    }
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
