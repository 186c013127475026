import { type Exchange, requestBytes } from './exchange.ts'
import { burst, pace, type RequestAt } from './load.ts'
import type { Options } from './options.ts'
import type { Running } from './process.ts'
import { type Spread, shuffled, spreadOf } from './statistics.ts'
import type { Algorithm, Tokens } from './tokens.ts'
import { rssBytes } from './usage.ts'

/** Which tokens the requests of a case carry. */
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
  /** The case that its CPU is compared to, and the one that its latency is. */
  readonly floor?: string
  readonly origin?: string
  /** Fewer requests where each is heavy. */
  readonly share?: number
}

export interface Sample {
  readonly cpuMicros: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly rssMiB: number
}

export interface Figures extends Record<keyof Sample, Spread> {
  readonly id: string
  readonly title: string
  readonly timesFloor?: Spread
  readonly addedP50Ms?: Spread
}

interface Run extends Options {
  readonly keys: Tokens
  /** Whether latency is of interest. */
  readonly isPaced: boolean
}

/** Tokens and connections that a paced phase takes beside its own requests. */
const PACED_EXTRA = 20

/** Every case once in each round, in an order of that round's own; comparisons are made within a round. */
export async function runCases(cases: readonly Case[], run: Run): Promise<Figures[]> {
  for (const { tokens } of cases) if (tokens.use === 'new') await poolFor(tokens, run)
  const samples = new Map<string, Sample[]>(cases.map(({ id }) => [id, []]))
  for (let round = 0; round < run.rounds; round++) {
    process.stderr.write(`  round ${round + 1} of ${run.rounds}\n`)
    for (const each of shuffled(cases)) samples.get(each.id)?.push(await sample(each, round, run))
  }
  return cases.map((each) => figuresOf(each, samples))
}

async function sample(each: Case, round: number, run: Run): Promise<Sample> {
  const { subject, share = 1 } = each
  const { sizes } = run
  const requestAt = await requestsOf(each, round, run)
  const size = {
    warmup: Math.ceil((sizes.warmup * share) / (round === 0 ? 1 : 4)),
    requests: Math.ceil(sizes.requests * share),
    connections: sizes.connections,
  }
  const { cpuMicros, perSecond } = await burst(subject, requestAt, size)
  const later: RequestAt = (index) => requestAt(size.warmup + size.requests + index)
  const paced = { requests: Math.ceil(sizes.paced * share), perSecond: sizes.pacedPerSecond * Math.max(share, 0.2) }
  const { p50Ms, p99Ms } = run.isPaced ? await pace(subject, later, paced) : { p50Ms: Number.NaN, p99Ms: Number.NaN }
  return { cpuMicros, perSecond, p50Ms, p99Ms, rssMiB: rssBytes(subject.pid) / 2 ** 20 }
}

async function requestsOf({ subject, exchange, tokens }: Case, round: number, run: Run): Promise<RequestAt> {
  const bytes = (token: string | undefined, index = 0) => requestBytes(subject.port, exchange, token, index)
  if (tokens.use !== 'new') {
    const token = tokens.use === 'known' ? tokens.token : undefined
    // No thread twice in a run: what one round has seen, the next may not find remembered.
    if (exchange.path.includes('{thread}')) return (index) => bytes(token, round * 1_000_000 + index)
    const same = bytes(token)
    return () => same
  }
  const pool = await poolFor(tokens, run)
  const perRound = pool.length / run.rounds
  const own = pool.slice(round * perRound, (round + 1) * perRound).map((token) => bytes(token))
  return (index) => own[index % own.length] as Buffer
}

/** So many that no token is seen twice by one subject in the whole run. */
function poolFor({ algorithm, who }: TokenUse & { use: 'new' }, { sizes, rounds, keys, isPaced }: Run) {
  const perRound = sizes.warmup + sizes.requests + (isPaced ? sizes.paced + PACED_EXTRA : 0)
  return keys.pool(perRound * rounds, algorithm, who)
}

function figuresOf({ id, title, floor, origin }: Case, samples: ReadonlyMap<string, readonly Sample[]>): Figures {
  const own = samples.get(id) ?? []
  const of = (name: keyof Sample) => spreadOf(own.map((sample) => sample[name]))
  const within = (other: string | undefined, compare: (sample: Sample, base: Sample) => number) => {
    const base = other === undefined ? undefined : samples.get(other)
    return base && spreadOf(own.map((sample, round) => compare(sample, base[round] as Sample)))
  }
  const timesFloor = within(floor, (sample, base) => sample.cpuMicros / base.cpuMicros)
  const addedP50Ms = within(origin, (sample, base) => sample.p50Ms - base.p50Ms)
  return {
    id,
    title,
    cpuMicros: of('cpuMicros'),
    perSecond: of('perSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    rssMiB: of('rssMiB'),
    ...(timesFloor && { timesFloor }),
    ...(addedP50Ms && { addedP50Ms }),
  }
}
