import { readFileSync } from 'node:fs'

/** The agent's record of its streams, with lines such as `opened 7`, `finished 7` or `closed 7`. */
export class StreamRecord {
  readonly #opened = new Set<number>()
  readonly #finished = new Set<number>()
  readonly #closed = new Set<number>()

  constructor(text: string) {
    const sets = { opened: this.#opened, finished: this.#finished, closed: this.#closed }
    for (const line of text.split('\n')) {
      const [what = '', stream] = line.split(' ')
      if (what in sets) sets[what as keyof typeof sets].add(Number(stream))
    }
  }

  static read(file: string): StreamRecord {
    return new StreamRecord(readFileSync(file, 'utf8'))
  }

  wasOpened(stream: number): boolean {
    return this.#opened.has(stream)
  }

  hasFinished(stream: number): boolean {
    return this.#finished.has(stream)
  }

  hasClosed(stream: number): boolean {
    return this.#closed.has(stream)
  }

  /** The number of streams without a recorded end. Streams that ended by a kill count too. */
  get open(): number {
    return [...this.#opened].filter((stream) => !this.#finished.has(stream) && !this.#closed.has(stream)).length
  }
}
