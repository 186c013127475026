import { EventCutter, eventsOf, rewriteEvent } from './events'

/** How a reply's body ended. */
export type StreamOutcome = 'complete' | 'cut' | 'stalled' | 'client-left'

export interface Guarded {
  readonly body: ReadableStream<Uint8Array>
  /** Settles when the last byte has gone, one way or another. It never rejects. */
  readonly done: Promise<StreamOutcome>
}

export interface Reading {
  /** Names that may not come back to the caller. */
  readonly names: readonly string[]
  readonly scrub: (event: unknown) => unknown
  /** 0: never. */
  readonly heartbeatSeconds: number
  readonly idleSeconds: number
  readonly brokenStream: (code: string, message: string) => string
  readonly isLast: ((event: string) => boolean) | undefined
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal
}

const CUT = 'The connection to the agent was lost before the stream was complete.'
const STALLED = 'The agent has been silent for too long; the stream was given up.'
const HEARTBEAT = new TextEncoder().encode(': keep-alive\n\n')
/** How finely silence is measured: a heartbeat is late by at most this part of its interval. */
const TICKS_PER_HEARTBEAT = 3

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/**
 * The native gear: the runtime moves the bytes, and this code hears only how it ended. After a cut it says so in the
 * protocol's own words; the blank line before ends an event that was cut in half. Without such words the connection is broken
 * off, so that a reply that is not whole does not end as if it were.
 */
export function pump(
  source: ReadableStream<Uint8Array>,
  brokenStream: ((code: string, message: string) => string) | undefined,
  signal: AbortSignal,
): Guarded {
  const pipe = new IdentityTransformStream()
  const finish = async (): Promise<StreamOutcome> => {
    try {
      await source.pipeTo(pipe.writable, { preventClose: true, preventAbort: true })
    } catch {
      if (signal.aborted) return abandon(pipe.writable)
      if (!brokenStream) return breakOff(pipe.writable)
      return endWith(pipe.writable, `\n\n${brokenStream('origin-cut', CUT)}`, 'cut')
    }
    return endWith(pipe.writable, '', 'complete')
  }
  return { body: pipe.readable, done: finish() }
}

async function endWith(writable: WritableStream, text: string, outcome: StreamOutcome): Promise<StreamOutcome> {
  const writer = writable.getWriter()
  try {
    if (text !== '') await writer.write(encode(text))
    await writer.close()
    return outcome
  } catch {
    return 'client-left'
  }
}

async function breakOff(writable: WritableStream): Promise<StreamOutcome> {
  await writable.abort(new Error('origin cut')).catch(() => undefined)
  return 'cut'
}

async function abandon(writable: WritableStream): Promise<StreamOutcome> {
  await writable.abort(new Error('client left')).catch(() => undefined)
  return 'client-left'
}

/**
 * The reading gear: whole events pass as they come, cleared of injected names; silence is filled with comments, and too much
 * of it counts as a cut. A part of an event is held back, so what a cut leaves behind is clean.
 */
export function readEvents(source: ReadableStream<Uint8Array>, reading: Reading): Guarded {
  const pipe = new IdentityTransformStream()
  const writer = pipe.writable.getWriter()
  const reader = source.getReader()
  const cutter = new EventCutter()
  let last: Uint8Array | undefined
  let silentTicks = 0
  let stalled = false

  const pass = async (complete: Uint8Array | undefined): Promise<void> => {
    if (!complete) return
    last = complete
    const cleared = clear(complete, reading)
    if (cleared.byteLength > 0) await writer.write(cleared)
  }

  const tickSeconds = (reading.heartbeatSeconds || reading.idleSeconds) / TICKS_PER_HEARTBEAT
  const timer = setInterval(() => {
    silentTicks++
    if (silentTicks * tickSeconds >= reading.idleSeconds) {
      stalled = true
      reader.cancel('stalled').catch(() => undefined)
    } else if (reading.heartbeatSeconds > 0 && silentTicks % TICKS_PER_HEARTBEAT === 0) {
      // A caller that has gone without a reset is noticed here, and nowhere else on a silent stream.
      writer.write(HEARTBEAT).catch(() => reader.cancel('client left').catch(() => undefined))
    }
  }, tickSeconds * 1000)

  const read = async (): Promise<boolean> => {
    try {
      for (;;) {
        const { done, value } = await reader.read()
        silentTicks = 0
        if (done) return true
        await pass(cutter.push(value))
      }
    } catch {
      return false
    }
  }

  const finish = async (): Promise<StreamOutcome> => {
    const whole = (await read()) && !stalled
    clearInterval(timer)
    try {
      if (reading.signal.aborted) throw new Error('client left')
      if (whole) await pass(cutter.rest())
      else if (!endsWithLast(last, reading)) {
        const words = stalled
          ? reading.brokenStream('origin-stalled', STALLED)
          : reading.brokenStream('origin-cut', CUT)
        await writer.write(encode(words))
      }
      await writer.close()
      return whole ? 'complete' : stalled ? 'stalled' : 'cut'
    } catch (thrown) {
      await reader.cancel('client left').catch(() => undefined)
      await writer.abort(thrown).catch(() => undefined)
      return 'client-left'
    }
  }
  return { body: pipe.readable, done: finish() }
}

function clear(bytes: Uint8Array, { names, scrub }: Reading): Uint8Array {
  if (names.length === 0) return bytes
  const text = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(bytes)
  if (!mentions(text, names)) return bytes
  const cleared = eventsOf(text).map((event) => (mentions(event, names) ? (rewriteEvent(event, scrub) ?? '') : event))
  return encode(cleared.join(''))
}

export const mentions = (text: string, names: readonly string[]): boolean => names.some((name) => text.includes(name))

function endsWithLast(bytes: Uint8Array | undefined, { isLast }: Reading): boolean {
  const event = bytes && isLast && eventsOf(new TextDecoder().decode(bytes)).at(-1)
  return event ? (isLast?.(event) ?? false) : false
}
