import { StringDecoder } from 'node:string_decoder'

const MOST_CHARACTERS = 500_000
const BLANK_LINE = /\r?\n\r?\n/g

/**
 * Finds the JSON in an agent's answer while it is forwarded: the data of each server-sent event, or
 * the whole body. JSON that is too long is left out.
 */
export class EventsIn {
  readonly #decoder = new StringDecoder()
  readonly #isStream: boolean
  readonly #isJson: boolean
  readonly #found: (json: unknown) => void
  /** The part of an event, or of the body, that has arrived. */
  #parts: string[] = []
  #length = 0
  /** The last characters that have arrived, which may be the beginning of a blank line. */
  #tail = ''

  constructor(contentType: string, found: (json: unknown) => void) {
    // AG2 0.x streams have no content type if the app was made with `build_asgi()`.
    this.#isStream = contentType === '' || contentType.startsWith('text/event-stream')
    this.#isJson = /^application\/(?:[\w.-]+\+)?json/.test(contentType)
    this.#found = found
  }

  write(chunk: Buffer): void {
    if (!this.#isStream && !this.#isJson) return
    const text = this.#tail + this.#decoder.write(chunk)
    let from = 0
    if (this.#isStream) {
      for (const { index, 0: blank } of text.matchAll(BLANK_LINE)) {
        this.#keep(text.slice(from, index))
        this.#tell(dataOf(this.#taken()))
        from = index + blank.length
      }
    }
    // A blank line consists of at most four line-end characters.
    const end = Math.max(from, text.length - 3)
    this.#keep(text.slice(from, end))
    this.#tail = text.slice(end)
  }

  end(): void {
    if (!this.#isJson) return
    this.#keep(this.#tail)
    this.#tell(this.#taken())
  }

  #keep(text: string): void {
    this.#length += text.length
    if (this.#length > MOST_CHARACTERS) this.#parts = []
    else this.#parts.push(text)
  }

  /** Returns and forgets all text kept so far. Returns an empty text if it was too long. */
  #taken(): string {
    const text = this.#length > MOST_CHARACTERS ? '' : this.#parts.join('')
    this.#parts = []
    this.#length = 0
    return text
  }

  #tell(text: string): void {
    if (text === '') return
    try {
      this.#found(JSON.parse(text))
    } catch {
      // Data that is not JSON is ignored.
    }
  }
}

const dataOf = (event: string): string =>
  event
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trimStart()] : []))
    .join('\n')
