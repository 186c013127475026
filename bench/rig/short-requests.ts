import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '../connection.ts'
import { type Exchange, requestBytes } from '../exchange.ts'
import type { Random } from './random.ts'
import type { Stage } from './stage.ts'
import { traceHeader } from './trace-number.ts'

/** The sorts of short requests: how each is signed, or what else is special about it. */
export type Sort =
  | 'known token'
  | 'new person'
  | 'key of the next set'
  | 'provider not seen yet'
  | 'forged signature'
  | 'key of nobody'
  | 'newest published key'
  | 'no token'
  | 'unknown route'
  | 'long path'
  | 'many operations'

export interface ShortSeen {
  readonly trace: number
  readonly sort: Sort
  readonly sentAt: number
  readonly endedAt: number
  /** The HTTP status; The HTTP status; 0 if no answer came. */
  readonly status: number
}

const PATH = '/agents/http/documents/1'
const LONG_PATH = `${PATH}/${'%E4%B8%96%22'.repeat(300)}`
/** A batch of tool calls, with names that alone exceed the size limit of an audit line. */
const BATCH = JSON.stringify(
  Array.from({ length: 60 }, (_, id) => ({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: `${id}-${'世'.repeat(200)}`, arguments: {} },
  })),
)
const WORKERS = 8
/**
 * The number of people who have tokens. These are signed before they are needed, and used more than
 * once.
 */
const PEOPLE = 500

/**
 * Sends short requests with all kinds of tokens, one after the other on each of a few connections.
 */
export class ShortRequests {
  readonly seen: ShortSeen[] = []
  readonly #stage: Stage
  readonly #random: Random
  readonly #nextTrace: () => number
  readonly #known: string
  readonly #people: readonly string[]

  private constructor(stage: Stage, random: Random, nextTrace: () => number, known: string, people: readonly string[]) {
    this.#stage = stage
    this.#random = random
    this.#nextTrace = nextTrace
    this.#known = known
    this.#people = people
  }

  static async prepare(stage: Stage, random: Random, nextTrace: () => number): Promise<ShortRequests> {
    const tokens = stage.generations[0]
    if (!tokens) throw new Error('there are no keys')
    const people = await tokens.pool(PEOPLE, 'ES256', 'many')
    return new ShortRequests(stage, random, nextTrace, await tokens.sign(), people)
  }

  /** Sends this many requests a second until a time of `performance.now()`. */
  async send(perSecond: number, until: number): Promise<void> {
    const pauseMs = (WORKERS * 1000) / perSecond
    await Promise.all(Array.from({ length: WORKERS }, () => this.#work(pauseMs, until)))
  }

  async #work(pauseMs: number, until: number): Promise<void> {
    const connection = new Connection(this.#stage.gateway.port)
    try {
      let due = performance.now()
      while (performance.now() < until) {
        due += pauseMs * 2 * this.#random.next()
        const wait = due - performance.now()
        if (wait > 0) await sleep(wait)
        this.seen.push(await this.one(connection, this.#pick()))
      }
    } finally {
      connection.close()
    }
  }

  async one(connection: Connection, sort: Sort): Promise<ShortSeen> {
    const token = await this.#tokenOf(sort)
    const trace = this.#nextTrace()
    const request = requestBytes(connection.port, exchangeOf(sort), token, 0, [`traceparent: ${traceHeader(trace)}`])
    const sentAt = performance.now()
    const answer = await connection.send(request).catch(() => undefined)
    return { trace, sort, sentAt, endedAt: performance.now(), status: answer?.status ?? 0 }
  }

  /**
   * Picks a sort of request at random. During an outage of the key server, most requests need keys
   * that cannot be fetched.
   */
  #pick(): Sort {
    const { outages } = this.#stage.keys
    if (outages.isDown && this.#random.chance(0.6)) {
      return this.#random.chance(0.5) ? 'key of the next set' : 'provider not seen yet'
    }
    const number = this.#random.between(1, 100)
    if (number <= 55) return 'known token'
    if (number <= 75) return 'new person'
    if (number <= 80) return 'forged signature'
    if (number <= 85) return 'no token'
    if (number <= 90) return 'unknown route'
    if (number <= 93) return 'long path'
    if (number <= 95) return 'key of nobody'
    if (number <= 96) return 'many operations'
    return outages.count > 0 ? 'provider not seen yet' : 'known token'
  }

  async #tokenOf(sort: Sort): Promise<string | undefined> {
    const { generations, stranger, issuers, keys } = this.#stage
    if (sort === 'no token') return undefined
    if (sort === 'key of nobody') return stranger.sign({ algorithm: 'ES256' })
    if (sort === 'forged signature') return generations[0]?.sign({ algorithm: 'RS256', forged: true })
    if (sort === 'key of the next set') return generations.at(-1)?.sign({ algorithm: 'ES256' })
    if (sort === 'newest published key') return generations.at(-2)?.sign({ algorithm: 'ES256' })
    if (sort === 'provider not seen yet') {
      const index = 1 + ((keys.outages.count - 1) % (issuers.length - 1))
      const issuer = issuers[index] ?? ''
      return generations[0]?.sign({ algorithm: 'ES256', issuer, subject: `login-${index}|alice` })
    }
    if (sort === 'new person') return this.#people[this.#random.between(0, this.#people.length - 1)]
    return this.#known
  }
}

function exchangeOf(sort: Sort): Exchange {
  if (sort === 'many operations') return { method: 'POST', path: '/agents/mcp', query: '?size', body: BATCH }
  const path = sort === 'unknown route' ? '/nothing/here' : sort === 'long path' ? LONG_PATH : PATH
  return { method: 'GET', path }
}
