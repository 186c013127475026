import { Connection } from './connection.ts'
import { type Exchange, langgraphRun, requestBytes, runInput, THREAD } from './exchange.ts'
import type { Running } from './process.ts'
import { percentile } from './statistics.ts'
import { cpuMicros } from './usage.ts'

/** A gateway that forwards the stream to be measured, and the request for it. */
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

/** The approximate size of the origin's events. The real events are a few bytes longer. */
const EVENT_BYTES = 100

export function streamBytes({ subject, exchange, token }: Streamer, query: string): Buffer {
  return requestBytes(subject.port, { ...exchange, query }, token)
}

/** Measures the milliseconds until the first event. The callers come one after the other. */
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

export interface FlowSize {
  readonly streams: number
  /** The number of events in each stream. */
  readonly events: number
  /** Milliseconds between two events; 0 sends them as fast as possible. */
  readonly gapMs: number
}

/** Measures the cost of events in streams that are open at the same time. */
export async function flow(streamer: Streamer, { streams, events, gapMs }: FlowSize): Promise<Flow> {
  const { subject, title } = streamer
  const connections = Array.from({ length: streams }, () => new Connection(subject.port))
  const all = (query: string) => {
    const request = streamBytes(streamer, query)
    return Promise.all(connections.map((connection) => connection.send(request)))
  }
  try {
    await all(`?n=${Math.ceil(events / 5)}&gap=0`)
    const [cpu, began] = [cpuMicros(subject.pid), performance.now()]
    const answers = await all(`?n=${events}&gap=${gapMs}`)
    const seconds = (performance.now() - began) / 1000
    for (const { status, bodyBytes } of answers) {
      if (status !== 200 || bodyBytes < events * EVENT_BYTES) {
        throw new Error(`${title}: ${bodyBytes} bytes with status ${status} are not ${events} events`)
      }
    }
    const count = streams * events
    return { eventsPerSecond: count / seconds, cpuMicrosPerEvent: (cpuMicros(subject.pid) - cpu) / count }
  } finally {
    for (const connection of connections) connection.close()
  }
}
