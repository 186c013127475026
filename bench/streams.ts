import { Connection } from './connection.ts'
import { type Exchange, langgraphRun, requestBytes, runInput, THREAD } from './exchange.ts'
import type { Running } from './process.ts'
import { percentile } from './statistics.ts'
import { cpuMicros } from './usage.ts'

/** A stream through a subject, and whose way of passing it on is looked at. */
export interface Streamer {
  readonly title: string
  readonly subject: Running
  readonly exchange: Exchange
  readonly token: string | undefined
}

export const langgraphStream: Exchange = {
  method: 'POST',
  path: `/agents/langgraph/threads/${THREAD}/runs/stream`,
  body: langgraphRun,
}
export const agUiStream: Exchange = { method: 'POST', path: '/agents/ag-ui', body: runInput(2_000) }

/** Each of the origin's events has a few more. */
const EVENT_BYTES = 100

export function streamBytes({ subject, exchange, token }: Streamer, query: string): Buffer {
  return requestBytes(subject.port, { ...exchange, query }, token)
}

/** Milliseconds until the first event, for callers who come one after the other. */
export async function firstEventMs(streamer: Streamer, count: number): Promise<number> {
  const connection = new Connection(streamer.subject.port)
  const request = streamBytes(streamer, '?n=3&gap=1')
  const took: number[] = []
  try {
    for (let index = 0; index < count + 3; index++) {
      const { status, firstMs } = await connection.send(request)
      if (status !== 200) throw new Error(`${streamer.title} answered ${status} to a stream`)
      if (index >= 3) took.push(firstMs)
    }
  } finally {
    connection.close()
  }
  return percentile(took, 0.5)
}

export interface Flow {
  readonly eventsPerSecond: number
  readonly cpuMicrosPerEvent: number
}

/** One long stream, whose events come so many milliseconds apart; 0 for as fast as they go. */
export async function flow(streamer: Streamer, events: number, gapMs = 0): Promise<Flow> {
  const { subject, title } = streamer
  const connection = new Connection(subject.port)
  try {
    await connection.send(streamBytes(streamer, `?n=${Math.ceil(events / 5)}&gap=0`))
    const cpu = cpuMicros(subject.pid)
    const { status, bodyBytes, wholeMs } = await connection.send(streamBytes(streamer, `?n=${events}&gap=${gapMs}`))
    if (status !== 200 || bodyBytes < events * EVENT_BYTES) {
      throw new Error(`${title}: ${bodyBytes} bytes with status ${status} are not ${events} events`)
    }
    return {
      eventsPerSecond: (events * 1000) / wholeMs,
      cpuMicrosPerEvent: (cpuMicros(subject.pid) - cpu) / events,
    }
  } finally {
    connection.close()
  }
}
