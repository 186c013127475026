import { type Exchange, requestBytes } from './exchange.ts'
import { Load, pace, type RequestAt, type Spent, together } from './load.ts'
import type { Options } from './options.ts'
import type { Running } from './process.ts'
import { median, type Spread, shuffled, spreadOf } from './statistics.ts'
import type { Algorithm, Tokens } from './tokens.ts'
import { rssBytes } from './usage.ts'

/** The tokens that the requests of a case carry. */
export type TokenUse =
  | { readonly use: 'none' }
  | { readonly use: 'known'; readonly token: string }
  | { readonly use: 'new'; readonly algorithm: Algorithm; readonly who?: 'one' | 'many' }

export interface Case {
  readonly id: string
  readonly title: string
  readonly subject: Running
  readonly exchange: Exchange
  readonly tokens: TokenUse
  /**
   * The ids of the cases that its CPU time (`floor`) and its latency (`origin`) are compared with.
   */
  readonly floor?: string
  readonly origin?: string
  /**
   * The part of the usual number of requests that is sent. It is less than 1 if each request is
   * heavy.
   */
  readonly share?: number
}

export interface Sample {
  readonly cpuMicros: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly rssMiB: number
  /**
   * The median over the slices of the CPU time divided by that of the floor: the simplest Worker.
   */
  readonly timesFloor: number
}

export interface Figures extends Record<Exclude<keyof Sample, 'timesFloor'>, Spread> {
  readonly id: string
  readonly title: string
  readonly timesFloor?: Spread
  readonly addedP50Ms?: Spread
}

export interface Run extends Pick<Options, 'rounds' | 'sizes'> {
  readonly keys: Tokens
  /** Whether latency is measured too. */
  readonly isPaced: boolean
}

/**
 * The number of slices of a sample. Between two slices the floor, the case for comparison, is
 * measured. If the machine slows down, it thus slows both.
 */
export const SLICES = 12

/** Additional tokens and connections that a phase with a fixed request rate needs. */
const PACED_EXTRA = 20

/**
 * Runs every case once in each round, in a different order each time. Only results of the same
 * round are compared.
 */
export async function runCases(cases: readonly Case[], run: Run): Promise<Figures[]> {
  for (const { tokens } of cases) if (tokens.use === 'new') await poolOf(tokens, run.rounds, run)
  const samples = new Map<string, Sample[]>(cases.map(({ id }) => [id, []]))
  for (let round = 0; round < run.rounds; round++) {
    process.stderr.write(`  round ${round + 1} of ${run.rounds}\n`)
    for (const each of shuffled(cases)) {
      samples.get(each.id)?.push(await sample(each, floorOf(each, cases), round, run))
    }
  }
  return cases.map((each) => figuresOf(each, samples))
}

/** Returns the case that another is compared with, or undefined if it is a floor itself. */
function floorOf({ id, floor }: Case, cases: readonly Case[]): Case | undefined {
  if (floor === undefined || floor === id) return undefined
  const found = cases.find((each) => each.id === floor)
  if (!found) throw new Error(`${id} is compared with ${floor}, which is not measured`)
  return found
}

async function sample(each: Case, floor: Case | undefined, round: number, run: Run): Promise<Sample> {
  const { subject, share = 1 } = each
  const { sizes } = run
  const requestAt = await requestsOf(each, round, run)
  const load = new Load(subject, requestAt, sizes.connections)
  // The floor gets other tokens. A token that it has seen before would not be new.
  const beside = floor && new Load(floor.subject, await requestsOf(floor, run.rounds + round, run), sizes.connections)
  const slice = Math.ceil((sizes.requests * share) / SLICES)
  const own: Spent[] = []
  const ratios: number[] = []
  try {
    await load.send(Math.ceil((sizes.warmup * share) / (round === 0 ? 1 : 4)))
    await beside?.send(Math.ceil((sizes.warmup * share) / 4))
    for (let index = 0; index < SLICES; index++) {
      const spent = await load.send(slice)
      own.push(spent)
      if (beside) ratios.push(spent.cpuMicros / (await beside.send(slice)).cpuMicros)
    }
  } finally {
    load.close()
    beside?.close()
  }
  const { requests, cpuMicros, seconds } = together(own)
  const later: RequestAt = (index) => requestAt(load.sent + index)
  const paced = { requests: Math.ceil(sizes.paced * share), perSecond: sizes.pacedPerSecond * Math.max(share, 0.2) }
  const { p50Ms, p99Ms } = run.isPaced ? await pace(subject, later, paced) : { p50Ms: Number.NaN, p99Ms: Number.NaN }
  return {
    cpuMicros: cpuMicros / requests,
    perSecond: requests / seconds,
    p50Ms,
    p99Ms,
    rssMiB: rssBytes(subject.pid) / 2 ** 20,
    timesFloor: beside ? median(ratios) : 1,
  }
}

/**
 * Returns a function that makes the requests of a case in a round. Cases with new tokens or new
 * threads get different ones in each round.
 */
export async function requestsOf(
  { subject, exchange, tokens }: Pick<Case, 'subject' | 'exchange' | 'tokens'>,
  round: number,
  run: Run,
): Promise<RequestAt> {
  const bytes = (token: string | undefined, index = 0) => requestBytes(subject.port, exchange, token, index)
  if (tokens.use !== 'new') {
    const token = tokens.use === 'known' ? tokens.token : undefined
    // No thread occurs twice in a run, because the gateway may remember the threads of earlier
    // rounds.
    if (exchange.path.includes('{thread}')) return (index) => bytes(token, round * 1_000_000 + index)
    const same = bytes(token)
    return () => same
  }
  const perRound = tokensPerRound(run)
  const pool = await poolOf(tokens, round + 1, run)
  const own = pool.slice(round * perRound, (round + 1) * perRound).map((token) => bytes(token))
  return (index) => own[index % own.length] as Buffer
}

/** Signs enough tokens. No gateway may see a new token twice in the whole run. */
const poolOf = ({ algorithm, who }: TokenUse & { use: 'new' }, rounds: number, run: Run) =>
  run.keys.pool(tokensPerRound(run) * rounds, algorithm, who)

const tokensPerRound = ({ sizes, isPaced }: Run) =>
  sizes.warmup + sizes.requests + (isPaced ? sizes.paced + PACED_EXTRA : 0)

function figuresOf({ id, title, floor, origin }: Case, samples: ReadonlyMap<string, readonly Sample[]>): Figures {
  const own = samples.get(id) ?? []
  const of = (name: keyof Sample) => spreadOf(own.map((sample) => sample[name]))
  const alone = origin === undefined ? undefined : samples.get(origin)
  const addedP50Ms = alone && spreadOf(own.map(({ p50Ms }, round) => p50Ms - (alone[round]?.p50Ms ?? Number.NaN)))
  return {
    id,
    title,
    cpuMicros: of('cpuMicros'),
    perSecond: of('perSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    rssMiB: of('rssMiB'),
    ...(floor !== undefined && { timesFloor: of('timesFloor') }),
    ...(addedP50Ms && { addedP50Ms }),
  }
}
