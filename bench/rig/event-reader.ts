/** Cuts the text of an event stream into the data of its events. Comments are left out. */
export class EventReader {
  #held = ''

  readonly #take: (data: string) => void

  constructor(take: (data: string) => void) {
    this.#take = take
  }

  push(text: string): void {
    this.#held += text
    // A blank line may begin in what was held before.
    if (!text.includes('\n')) return
    const events = this.#held.split('\n\n')
    this.#held = events.pop() ?? ''
    for (const event of events) {
      const lines = event.split('\n').filter((line) => line.startsWith('data: '))
      if (lines.length > 0) this.#take(lines.map((line) => line.slice(6)).join('\n'))
    }
  }

  /** Whether a part of an event has come whose end has not. */
  get isInside(): boolean {
    return this.#held.trim() !== ''
  }
}
