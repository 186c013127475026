import type { StreamOutcome } from '../ending'
import { dataOf, eventsOf } from '../event-text'
import type { Json } from '../json'
import type { After } from '../ports'
import { EventCutter } from './event-cutter'

export interface Guarded {
  readonly body: ReadableStream<Uint8Array>
  /** Settles when the last byte has gone, one way or another. It never rejects. */
  readonly done: Promise<StreamOutcome>
}

/** How a protocol says that a stream broke. Where it is absent, the connection is broken off. */
export type BrokenStream = ((code: string, message: string) => string) | undefined

export interface Reading {
  /** Changes whole events, as text. Absent: they pass as they are. */
  readonly change: ((text: string) => string | Promise<string>) | undefined
  /** 0: never. */
  readonly heartbeatSeconds: number
  /** Infinity: any silence is borne. */
  readonly idleSeconds: number
  readonly brokenStream: BrokenStream
  readonly isLast: ((data: Json) => boolean) | undefined
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal
  readonly after: After
}

const CUT = 'The connection to the agent was lost before the stream was complete.'
const STALLED = 'The agent has been silent for too long; the stream was given up.'
const HEARTBEAT = new TextEncoder().encode(': keep-alive\n\n')
/** How finely silence is measured: a heartbeat is late by at most this part of its interval. */
const TICKS_PER_HEARTBEAT = 3

const encoder = new TextEncoder()
const encode = (text: string): Uint8Array => encoder.encode(text)
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

/**
 * The native gear: the runtime moves the bytes, and this code hears only how it ended. After a cut it says so in the
 * protocol's own words; the blank line before ends an event that was cut in half.
 *
 * @param length of the body, where it is known: a caller over HTTP/1.0 has nothing else to see by that it was cut
 */
export function pump(
  source: ReadableStream<Uint8Array>,
  brokenStream: BrokenStream,
  signal: AbortSignal,
  length?: number,
): Guarded {
  const pipe = length === undefined ? new IdentityTransformStream() : new FixedLengthStream(length)
  const finish = async (): Promise<StreamOutcome> => {
    let whole = true
    try {
      await source.pipeTo(pipe.writable, { preventClose: true, preventAbort: true })
    } catch {
      whole = false
    }
    const writer = pipe.writable.getWriter()
    if (signal.aborted) return abandon(writer)
    if (whole) return endWith(writer, '', 'complete')
    return brokenStream ? endWith(writer, `\n\n${brokenStream('origin-cut', CUT)}`, 'cut') : breakOff(writer, 'cut')
  }
  return { body: pipe.readable, done: finish() }
}

type Writer = WritableStreamDefaultWriter<Uint8Array>

async function endWith(writer: Writer, text: string, outcome: StreamOutcome): Promise<StreamOutcome> {
  try {
    if (text !== '') await writer.write(encode(text))
    await writer.close()
    return outcome
  } catch {
    return abandon(writer)
  }
}

/** Ends the connection, not the reply: what is not whole may not end as if it were. */
async function breakOff(writer: Writer, outcome: StreamOutcome): Promise<StreamOutcome> {
  await writer.abort(new Error(`the origin's reply was ${outcome}`)).catch(() => undefined)
  return outcome
}

const abandon = (writer: Writer): Promise<StreamOutcome> => breakOff(writer, 'client-left')

/**
 * The reading gear: whole events pass as they come, changed where they have to be; silence is filled with comments, and too much
 * of it counts as a cut. A part of an event is held back, so what a cut leaves behind is clean.
 */
export function readEvents(source: ReadableStream<Uint8Array>, reading: Reading): Guarded {
  const { heartbeatSeconds, idleSeconds, brokenStream, signal, after } = reading
  const pipe = new IdentityTransformStream()
  const writer: Writer = pipe.writable.getWriter()
  const reader = source.getReader()
  const cutter = new EventCutter()
  let last: Uint8Array | undefined
  let stalled = false
  let writes = 0
  // In ticks: since the agent's last byte, and since ours.
  let unheard = 0
  let unsaid = 0

  const write = async (bytes: Uint8Array): Promise<void> => {
    writes++
    await writer.write(bytes)
    writes--
    unsaid = 0
  }

  const pass = async (complete: Uint8Array): Promise<void> => {
    if (!isComment(complete)) last = complete
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
      stalled = true
      reader.cancel('stalled').catch(() => undefined)
    } else if (heartbeatSeconds > 0 && unsaid * tickSeconds >= heartbeatSeconds) {
      // A caller that has gone without a reset is noticed here, and nowhere else on a silent stream.
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

  const read = async (): Promise<boolean> => {
    try {
      for (;;) {
        const { done, value } = await reader.read()
        unheard = 0
        if (done) return true
        const complete = cutter.push(value)
        if (complete) await pass(complete)
      }
    } catch {
      return false
    }
  }

  const finish = async (): Promise<StreamOutcome> => {
    const ended = (await read()) && !stalled
    cancelTick()
    if (signal.aborted) return abandon(writer)
    const rest = cutter.rest()
    // Without a length or chunks a connection that was cut ends like any other, but seldom between two events.
    if (ended && !isHalf(rest)) {
      if (rest) await pass(rest).catch(() => undefined)
      return endWith(writer, '', 'complete')
    }
    const outcome = stalled ? 'stalled' : 'cut'
    if (endsWithLast(last, reading)) return endWith(writer, '', outcome)
    if (!brokenStream) return breakOff(writer, outcome)
    return endWith(writer, brokenStream(`origin-${outcome}`, stalled ? STALLED : CUT), outcome)
  }
  return { body: pipe.readable, done: finish() }
}

/** Stays synchronous where it can, because it runs for every event. */
function changed(bytes: Uint8Array, change: Reading['change']): Uint8Array | Promise<Uint8Array> {
  if (!change) return bytes
  const text = decoder.decode(bytes)
  const written = (other: string) => (other === text ? bytes : encode(other))
  const made = change(text)
  return typeof made === 'string' ? written(made) : made.then(written)
}

const COLON = 58

/** An agent's own keep-alive, as a rule. */
const isComment = (bytes: Uint8Array): boolean => bytes[0] === COLON && !/[\r\n]data/.test(decoder.decode(bytes))

/** Whether what is left is a part of an event: data that is not whole, or a field in the middle of its line. */
function isHalf(rest: Uint8Array | undefined): boolean {
  const text = new TextDecoder().decode(rest)
  const field = /(?:^|[\r\n])(?:event|id|retry)[^\r\n]*$/.test(text)
  return field || (/(?:^|[\r\n])data:/.test(text) && dataOf(text) === undefined)
}

/** Whether the conversation had ended before the stream broke. */
function endsWithLast(bytes: Uint8Array | undefined, { isLast }: Reading): boolean {
  if (!bytes || !isLast) return false
  const data = eventsOf(new TextDecoder().decode(bytes)).map(dataOf)
  const last = data.findLast((each) => each !== undefined)
  return last !== undefined && isLast(last)
}
