import { StringDecoder } from 'node:string_decoder'

const MOST_CHARACTERS = 500_000

/**
 * Finds the JSON in an answer while it passes: the data of each server-sent event, or the whole
 * body. Longer ones are left out.
 */
export class EventsIn {
  readonly #decoder = new StringDecoder()
  readonly #isStream: boolean
  readonly #isJson: boolean
  readonly #found: (json: unknown) => void
  #rest = ''
  #isTooLong = false

  constructor(contentType: string, found: (json: unknown) => void) {
    // AG2 0.x names no type where `build_asgi()` mounts it.
    this.#isStream = contentType === '' || contentType.startsWith('text/event-stream')
    this.#isJson = /^application\/(?:[\w.-]+\+)?json/.test(contentType)
    this.#found = found
  }

  write(chunk: Buffer): void {
    if (this.#isTooLong || !(this.#isStream || this.#isJson)) return
    this.#rest += this.#decoder.write(chunk)
    if (this.#isStream) {
      const events = this.#rest.split(/\r?\n\r?\n/)
      this.#rest = events.pop() ?? ''
      for (const event of events) this.#tell(dataOf(event))
    }
    if (this.#rest.length > MOST_CHARACTERS) {
      this.#isTooLong = true
      this.#rest = ''
    }
  }

  end(): void {
    if (this.#isJson && !this.#isTooLong) this.#tell(this.#rest)
  }

  #tell(text: string): void {
    if (text === '') return
    try {
      this.#found(JSON.parse(text))
    } catch {
      // It is no JSON, and says nothing that is looked for.
    }
  }
}

const dataOf = (event: string): string =>
  event
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trimStart()] : []))
    .join('\n')
