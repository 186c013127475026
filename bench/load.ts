import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from './connection.ts'
import type { Running } from './process.ts'
import { percentile } from './statistics.ts'
import { cpuMicros } from './usage.ts'

export type RequestAt = (index: number) => Buffer

export interface Burst {
  readonly cpuMicros: number
  readonly perSecond: number
}

export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface BurstSize {
  readonly warmup: number
  readonly requests: number
  readonly connections: number
}

/** A fixed number of requests as fast as they go, and what the subject's processes spent on each. */
export async function burst(subject: Running, requestAt: RequestAt, size: BurstSize): Promise<Burst> {
  const connections = Array.from({ length: size.connections }, () => new Connection(subject.port))
  try {
    await sendAll(subject, connections, requestAt, 0, size.warmup)
    const [cpu, began] = [cpuMicros(subject.pid), performance.now()]
    await sendAll(subject, connections, requestAt, size.warmup, size.requests)
    const seconds = (performance.now() - began) / 1000
    return { cpuMicros: (cpuMicros(subject.pid) - cpu) / size.requests, perSecond: size.requests / seconds }
  } finally {
    for (const connection of connections) connection.close()
  }
}

async function sendAll(
  subject: Running,
  connections: readonly Connection[],
  requestAt: RequestAt,
  from: number,
  count: number,
): Promise<void> {
  let next = from
  const worker = async (connection: Connection) => {
    while (next < from + count) expectSuccess(subject, (await connection.send(requestAt(next++))).status)
  }
  await Promise.all(connections.map(worker))
}

/** One connection at a fixed rate that no subject finds hard: what a lone caller waits. */
export async function pace(
  subject: Running,
  requestAt: RequestAt,
  { requests, perSecond }: { requests: number; perSecond: number },
): Promise<Latency> {
  const connection = new Connection(subject.port)
  const took: number[] = []
  try {
    for (let index = 0; index < 20; index++) await connection.send(requestAt(index))
    const began = performance.now()
    for (let index = 0; index < requests; index++) {
      const wait = began + (index * 1000) / perSecond - performance.now()
      if (wait > 0) await sleep(wait)
      const answer = await connection.send(requestAt(20 + index))
      expectSuccess(subject, answer.status)
      took.push(answer.wholeMs)
    }
  } finally {
    connection.close()
  }
  return { p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99) }
}

export function expectSuccess({ name }: Running, status: number): void {
  if (status !== 200) throw new Error(`${name} answered ${status} in a measurement`)
}
