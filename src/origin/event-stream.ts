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
  /** Changes whole events, as text. Absent: they pass as they are. */
  readonly change: ((text: string) => string | Promise<string>) | undefined
  /** 0: never. */
  readonly heartbeatSeconds: number
  /** Infinity: any silence is borne. */
  readonly idleSeconds: number
  readonly brokenStream: BrokenStream
  readonly isLast: ((data: Json) => boolean) | undefined
  /**
   * Whether this is the stream of a run, which has to end with such an event where the protocol has
   * one.
   */
  readonly isRun: boolean
  readonly end: Ending
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal
  readonly after: After
}

/** How finely silence is measured: a heartbeat is late by at most this part of its interval. */
const TICKS_PER_HEARTBEAT = 3

const encoder = new TextEncoder()
const HEARTBEAT = encoder.encode(': keep-alive\n\n')
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

/**
 * The reading gear: whole events pass as they come, changed where they have to be; silence is
 * filled with comments, and too much of it counts as a cut. A part of an event is held back, so
 * what a cut leaves behind is clean.
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
  // In ticks: since the agent's last byte, and since ours.
  let unheard = 0
  let unsaid = 0

  /** Gives the agent's stream up. */
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
    // While a write waits it is the caller who is slow, and a comment would only wait behind it.
    if (writes > 0) return
    unheard++
    unsaid++
    if (unheard * tickSeconds >= idleSeconds) {
      giveUp('stalled')
    } else if (heartbeatSeconds > 0 && unsaid * tickSeconds >= heartbeatSeconds) {
      // A caller that has gone without a reset is noticed here, and nowhere else on a silent
      // stream.
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
    // A caller who does not read would keep the last words waiting as well.
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
    // Without a length or chunks a connection that was cut ends like any other, but seldom between
    // two events.
    if (isHalf(rest)) broken ??= 'cut'
    const isWhole = broken === undefined
    if (isWhole && rest) await pass(rest).catch(() => undefined)
    const isOver = endsWithLast(last, reading)
    // Agents write whole events, so one that dies leaves a stream behind that looks whole but for
    // its last event.
    if (isWhole && reading.isRun && reading.isLast && !isOver) broken = 'unended'
    if (broken === undefined || isOver) return endWith(writer, '', broken ?? 'complete')
    if (!brokenStream) return breakOff(writer, broken)
    // The blank line ends an event that came without one.
    return endWith(writer, (isWhole && rest ? '\n\n' : '') + brokenStream(...WORDS[broken]), broken)
  }
  return { body: pipe.readable, done: finish() }
}

/** Stays synchronous where it can, because it runs for every event. */
function changed(bytes: Uint8Array, change: Reading['change']): Uint8Array | Promise<Uint8Array> {
  if (!change) return bytes
  const text = decoder.decode(bytes)
  const written = (other: string) => (other === text ? bytes : encoder.encode(other))
  const made = change(text)
  return typeof made === 'string' ? written(made) : made.then(written)
}

const COLON = 58
/**
 * An event of a protocol has an object in it. Others (`[DONE]`, a lone field) say nothing of how a
 * run ended.
 */
const BRACE = 123

/** An agent's own keep-alive, as a rule. */
const isComment = (bytes: Uint8Array): boolean => bytes[0] === COLON && !/[\r\n]data/.test(decoder.decode(bytes))

/**
 * Whether what is left is a part of an event: data that is not whole, or a field without any.
 * Comments mean nothing, and neither do lines of `id` and `retry` that are whole.
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

/** Whether the conversation had ended before the stream broke. */
function endsWithLast(bytes: Uint8Array | undefined, { isLast }: Reading): boolean {
  if (!bytes || !isLast) return false
  const events = eventsOf(decoder.decode(bytes))
  while (events.length > 0) {
    const data = dataOf(events.pop() ?? '')
    if (data !== undefined) return isLast(data)
  }
  return false
}
