const FIELD = /^(?:data: |event: |:)/

/**
 * Cuts the text of an event stream into the data of its events. Comments are left out. A line that
 * the test's agent never writes counts as data, so that the check of the data finds it.
 */
export class EventReader {
  #held = ''

  readonly #take: (data: string) => void

  constructor(take: (data: string) => void) {
    this.#take = take
  }

  push(text: string): void {
    this.#held += text
    // A blank line may begin in the text that was held before.
    if (!text.includes('\n')) return
    const events = this.#held.split('\n\n')
    this.#held = events.pop() ?? ''
    for (const event of events) {
      const lines = event.split('\n')
      const strange = lines.find((line) => !FIELD.test(line))
      const data = lines.find((line) => line.startsWith('data: '))?.slice(6)
      if (strange !== undefined) this.#take(strange)
      else if (data !== undefined) this.#take(data)
    }
  }

  /** Tells whether only a part of an event has arrived. */
  get isInside(): boolean {
    return this.#held.trim() !== ''
  }
}
