import { createHash } from 'node:crypto'
import { type Numbered, type Story, textOf } from './story.ts'

/** A stream that a caller has requested. */
export interface Asked extends Story {
  readonly person: string
  /** The thread id that the caller sent; only on `ag-ui`. */
  readonly thread?: string
}

const MOST_FAULTS = 5

/**
 * Checks that each event of one stream arrives exactly once, in order, complete, in its own stream,
 * and with the caller's own thread id.
 */
export class StreamCheck {
  /** Sentences with the actual and the expected result. */
  readonly faults: string[] = []
  /** The number of events that arrived. */
  events = 0
  /** The code of the error event with which the gateway ended the stream, if there was one. */
  told: string | undefined
  #next = 0

  readonly asked: Asked

  constructor(asked: Asked) {
    this.asked = asked
  }

  /** Tells whether every event has arrived. */
  get isWhole(): boolean {
    return this.#next === this.asked.events
  }

  /** Checks the next event. @param data of one server-sent event */
  push(data: string): void {
    let message: Record<string, unknown>
    try {
      message = JSON.parse(data)
    } catch {
      this.#fault(`found data that is not JSON (${data.slice(0, 60)}), expected a whole event`)
      return
    }
    if (message.type === 'RUN_ERROR') {
      if (this.told !== undefined) this.#fault('found a second RUN_ERROR, expected one')
      this.told = String(message.code)
      return
    }
    const inner = (message.params ?? message.result ?? message) as Record<string, unknown> & Numbered
    this.events++
    if (this.told !== undefined) this.#fault(`found event ${inner.index} after RUN_ERROR, expected none`)
    this.#take(inner)
  }

  #take(event: Record<string, unknown> & Numbered): void {
    const { stream, events } = this.asked
    if (event.stream !== stream) {
      this.#fault(`found event ${event.index} of stream ${event.stream}, expected events of this stream alone`)
      return
    }
    const expected = this.#next
    if (event.index !== expected) {
      const sort = event.index < expected ? 'doubled or late' : 'others are lost or late'
      this.#fault(`found event ${event.index} (${sort}), expected event ${expected}`)
    }
    this.#next = Math.max(expected, event.index + 1)
    const text = textOf(stream, event.index)
    if (event.text !== text) {
      this.#fault(`found other text in event ${event.index}, expected ${text.length} characters as sent`)
    }
    if (event.index === 0 || event.index === events - 1) this.#checkIds(event)
  }

  #checkIds({ person, threadId, threadDigest }: Record<string, unknown>): void {
    const { person: own, thread } = this.asked
    if (person !== own) this.#fault(`found the agent's caller ${person}, expected ${own}`)
    if (thread === undefined) return
    if (threadId !== thread) this.#fault(`found the thread ${threadId}, expected ${thread}`)
    const sent = createHash('sha256').update(thread).digest('hex')
    if (threadDigest === sent) this.#fault('found that the agent saw the thread id as sent, expected a derived one')
  }

  #fault(sentence: string): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push(sentence)
  }
}
