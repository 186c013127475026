import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from './connection.ts'
import type { Running } from './process.ts'
import { percentile } from './statistics.ts'
import { cpuMicros } from './usage.ts'

export type RequestAt = (index: number) => Buffer

export interface Spent {
  readonly requests: number
  readonly cpuMicros: number
  readonly seconds: number
}

export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Sends requests to one process as fast as possible, over several connections that stay open. */
export class Load {
  readonly #subject: Running
  readonly #requestAt: RequestAt
  readonly #connections: readonly Connection[]
  #next = 0

  constructor(subject: Running, requestAt: RequestAt, connections: number) {
    this.#subject = subject
    this.#requestAt = requestAt
    this.#connections = Array.from({ length: connections }, () => new Connection(subject.port))
  }

  /** The number of requests that were sent so far. */
  get sent(): number {
    return this.#next
  }

  /** Sends this many requests. Returns the time that the gateway's processes spent on them. */
  async send(count: number): Promise<Spent> {
    const until = this.#next + count
    const worker = async (connection: Connection) => {
      while (this.#next < until) {
        const { status } = await connection.send(this.#requestAt(this.#next++))
        expectSuccess(this.#subject, status)
      }
    }
    const [cpu, began] = [cpuMicros(this.#subject.pid), performance.now()]
    await Promise.all(this.#connections.map(worker))
    return {
      requests: count,
      cpuMicros: cpuMicros(this.#subject.pid) - cpu,
      seconds: (performance.now() - began) / 1000,
    }
  }

  close(): void {
    for (const connection of this.#connections) connection.close()
  }
}

export const together = (parts: readonly Spent[]): Spent => {
  const sum = (of: keyof Spent) => parts.reduce((total, part) => total + part[of], 0)
  return { requests: sum('requests'), cpuMicros: sum('cpuMicros'), seconds: sum('seconds') }
}

/**
 * Sends requests over one connection, at a rate that is easy for every gateway. It shows the
 * latency of a caller who is alone.
 */
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
