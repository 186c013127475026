import type { AuditEvent } from '../../../audit/event'

const REMEMBERED = 500

/** The final audit lines of the most recent requests, by request id. */
export class Audits {
  readonly #events = new Map<string, AuditEvent>()

  /**
   * Reads a line of the gateway's output, and remembers a final audit line.
   * @returns the event, if the line is the final one of a request
   */
  note(line: string): AuditEvent | undefined {
    if (!line.startsWith('{"v":2')) return undefined
    const event = JSON.parse(line) as AuditEvent
    if (event.outcome === 'begun') return undefined
    this.#events.set(event.id, event)
    const [oldest] = this.#events.keys()
    if (this.#events.size > REMEMBERED && oldest !== undefined) this.#events.delete(oldest)
    return event
  }

  of(id: string): AuditEvent | undefined {
    return this.#events.get(id)
  }
}
