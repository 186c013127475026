import type { BrokenOutcome, StreamOutcome } from '../ending'
import { dataOf, eventsOf } from '../event-text'
import type { Json } from '../json'
import type { After } from '../ports'
import { EventCutter, EventTooLarge } from './event-cutter'
import {
  abandon,
  type BrokenStream,
  breakOff,
  type Ending,
  endWith,
  type Guarded,
  WORDS,
  type Writer,
} from './stream-end'

export interface Reading {
  /** Changes the text of whole events. If it is undefined, the events pass as they are. */
  readonly change: ((text: string) => string | Promise<string>) | undefined
  /** Seconds of silence after which a comment is written to the caller; 0: never. */
  readonly heartbeatSeconds: number
  /** Seconds of silence after which the gateway ends the stream; Infinity: never. */
  readonly idleSeconds: number
  readonly brokenStream: BrokenStream
  readonly isLast: ((data: Json) => boolean) | undefined
  /**
   * Whether this is the stream of a run. Such a stream has to end with a last event if the protocol
   * has last events (`isLast`).
   */
  readonly isRun: boolean
  readonly end: Ending
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal
  readonly after: After
}

/**
 * The number of timer ticks in the time after which a heartbeat is due. Silence is measured in
 * ticks, so a heartbeat is late by at most one tick.
 */
const TICKS_PER_HEARTBEAT = 3

const encoder = new TextEncoder()
const HEARTBEAT = encoder.encode(': keep-alive\n\n')
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

/**
 * Passes whole events to the caller as they come, changed if necessary. It fills silence with
 * comments, and ends the stream if the silence lasts too long. It holds back an incomplete event,
 * so that the caller has received only whole events when a stream is cut.
 */
export function readEvents(source: ReadableStream<Uint8Array>, reading: Reading): Guarded {
  const { heartbeatSeconds, idleSeconds, brokenStream, signal, end, after } = reading
  const pipe = new IdentityTransformStream()
  const writer: Writer = pipe.writable.getWriter()
  const reader = source.getReader()
  const cutter = new EventCutter()
  let last: Uint8Array | undefined
  let broken: BrokenOutcome | undefined
  let writes = 0
  // Ticks since the agent last sent bytes, and since the gateway last wrote bytes.
  let unheard = 0
  let unsaid = 0

  /** Stops reading the agent's stream. */
  const giveUp = (outcome: BrokenOutcome): void => {
    broken ??= outcome
    reader.cancel(outcome).catch(() => undefined)
  }

  const write = async (bytes: Uint8Array): Promise<void> => {
    writes++
    await writer.write(bytes)
    writes--
    unsaid = 0
  }

  const pass = async (complete: Uint8Array): Promise<void> => {
    if (complete.includes(BRACE) && !isComment(complete)) last = complete
    const made = changed(complete, reading.change)
    const bytes = made instanceof Promise ? await made : made
    if (bytes.byteLength > 0) await write(bytes)
  }

  const tickSeconds = Math.min(heartbeatSeconds || idleSeconds, idleSeconds) / TICKS_PER_HEARTBEAT
  const tick = () => {
    // A write that waits shows that the caller is slow, not the agent. A comment would have to wait
    // for that write, so this tick does not count.
    if (writes > 0) return
    unheard++
    unsaid++
    if (unheard * tickSeconds >= idleSeconds) {
      giveUp('stalled')
    } else if (heartbeatSeconds > 0 && unsaid * tickSeconds >= heartbeatSeconds) {
      // If the connection to the caller was lost without a reset, only a write can show it. So this
      // write also finds out whether the caller is still connected.
      write(HEARTBEAT).catch(() => reader.cancel('client left').catch(() => undefined))
    }
  }
  let cancelTick = () => {}
  const awaitTick = () => {
    cancelTick = after(tickSeconds * 1000, () => {
      awaitTick()
      tick()
    })
  }
  if (Number.isFinite(tickSeconds)) awaitTick()
  let brokenOff: BrokenOutcome | undefined
  const cancelEnd = end.onEnd((outcome) => {
    giveUp(outcome)
    // A write that waits shows that the caller does not read. An error event would have to wait
    // too, so the connection is broken off instead.
    if (writes === 0) return
    brokenOff = outcome
    void breakOff(writer, outcome)
  })

  const read = async (): Promise<void> => {
    try {
      for (;;) {
        const { done, value } = await reader.read()
        unheard = 0
        if (done) return
        const complete = cutter.push(value)
        if (complete) await pass(complete)
      }
    } catch (thrown) {
      if (thrown instanceof EventTooLarge) giveUp('limit')
      else broken ??= 'cut'
    }
  }

  const finish = async (): Promise<StreamOutcome> => {
    await read()
    cancelTick()
    const outcome = await finished()
    cancelEnd()
    return outcome
  }

  const finished = async (): Promise<StreamOutcome> => {
    if (brokenOff) return brokenOff
    if (signal.aborted) return abandon(writer)
    const rest = cutter.rest()
    // If a reply has no length and no chunked encoding, a cut connection looks like a normal end.
    // But a cut is seldom exactly between two events, so an incomplete event shows the cut.
    if (isHalf(rest)) broken ??= 'cut'
    const isWhole = broken === undefined
    if (isWhole && rest) await pass(rest).catch(() => undefined)
    const isOver = endsWithLast(last, reading)
    // Agents write whole events. So if an agent died, its stream consists of whole events, and only
    // the event that ends the run is missing.
    if (isWhole && reading.isRun && reading.isLast && !isOver) broken = 'unended'
    if (broken === undefined || isOver) return endWith(writer, '', broken ?? 'complete')
    if (!brokenStream) return breakOff(writer, broken)
    // If the agent's last event came without a blank line, this blank line ends that event.
    return endWith(writer, (isWhole && rest ? '\n\n' : '') + brokenStream(...WORDS[broken]), broken)
  }
  return { body: pipe.readable, done: finish() }
}

/**
 * Applies the change to the bytes of events. The result is a promise only if the change returns a
 * promise, because this function runs for every event and promises take time.
 */
function changed(bytes: Uint8Array, change: Reading['change']): Uint8Array | Promise<Uint8Array> {
  if (!change) return bytes
  const text = decoder.decode(bytes)
  const written = (other: string) => (other === text ? bytes : encoder.encode(other))
  const made = change(text)
  return typeof made === 'string' ? written(made) : made.then(written)
}

const COLON = 58
/**
 * The character code of `{`. Every event of an agent protocol contains a JSON object. Events
 * without an object (`[DONE]`, a single field) do not tell how a run ended.
 */
const BRACE = 123

/** Tells whether these bytes are only a comment, usually a keep-alive that the agent sends. */
const isComment = (bytes: Uint8Array): boolean => bytes[0] === COLON && !/[\r\n]data/.test(decoder.decode(bytes))

/**
 * Tells whether the last bytes of a stream are only a part of an event: incomplete data, or a field
 * without data. Comments do not count as a part, and neither do complete lines of `id` and `retry`.
 */
function isHalf(rest: Uint8Array | undefined): boolean {
  if (!rest) return false
  const text = decoder.decode(rest)
  if (dataOf(text) !== undefined) return /(?:^|[\r\n])(?:event|id|retry)[^\r\n]*$/.test(text)
  const lines = text.split(/\r\n|\r|\n/)
  return lines.some(
    (line, at) => !/^(?::|$)/.test(line) && !(at < lines.length - 1 && /^(?:id|retry)(?::|$)/.test(line)),
  )
}

/** Tells whether these bytes end with the last event of a run. */
function endsWithLast(bytes: Uint8Array | undefined, { isLast }: Reading): boolean {
  if (!bytes || !isLast) return false
  const events = eventsOf(decoder.decode(bytes))
  while (events.length > 0) {
    const data = dataOf(events.pop() ?? '')
    if (data !== undefined) return isLast(data)
  }
  return false
}
