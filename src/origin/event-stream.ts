import type { StreamOutcome } from '../ending'
import { dataOf, eventsOf } from '../event-text'
import type { Json } from '../json'
import type { After } from '../ports'
import { EventCutter } from './event-cutter'
import { abandon, type BrokenStream, breakOff, CUT, endWith, type Guarded, type Writer } from './stream-end'

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

const STALLED = 'The agent has been silent for too long; the stream was given up.'
/** How finely silence is measured: a heartbeat is late by at most this part of its interval. */
const TICKS_PER_HEARTBEAT = 3

const encoder = new TextEncoder()
const HEARTBEAT = encoder.encode(': keep-alive\n\n')
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

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
  const written = (other: string) => (other === text ? bytes : encoder.encode(other))
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
