import { parseArgs } from 'node:util'
import type { RigSize } from './rig/rig.ts'

/** The groups of cases in a usual run. */
export const usual = ['requests', 'peers', 'streams', 'memory', 'growth', 'parts'] as const
/** The groups of cases that can be measured against another commit. */
const comparable = ['requests', 'streams'] as const
/**
 * All groups. `proxies` installs programs and `load` measures no cost, so both run only on request.
 */
const groups = [...usual, 'proxies', 'load'] as const
export type Group = (typeof groups)[number]

export interface Options {
  readonly rounds: number
  readonly only: readonly Group[]
  /** Whether this run has every usual group at full size, so that its figures may be published. */
  readonly isWhole: boolean
  readonly sizes: Sizes
  readonly load: RigSize
}

export type LoadOptions = Pick<Options, 'load'>

/** Options of a run with `--against`. */
export interface AgainstOptions extends Pick<Options, 'rounds' | 'sizes'> {
  readonly against: string
  readonly only: readonly ('requests' | 'streams')[]
  /**
   * CPU time that the working tree's build wastes on each request, to show that a run notices it.
   */
  readonly handicapMicros: number
}

/** The amount of work for one sample. */
export interface Sizes {
  /** The number of requests that warm up the first round; the other rounds need a quarter of it. */
  readonly warmup: number
  readonly requests: number
  /** The number of requests at a fixed rate, for latency. */
  readonly paced: number
  readonly pacedPerSecond: number
  readonly connections: number
  readonly events: number
  readonly firstEvents: number
  readonly idleStreams: number
  readonly soakSeconds: number
  readonly users: number
}

/** The usual number of rounds. Fewer rounds would show too little of how much the figures vary. */
const ROUNDS = 5

const full: Sizes = {
  warmup: 500,
  requests: 3000,
  paced: 250,
  pacedPerSecond: 250,
  connections: 16,
  events: 10_000,
  firstEvents: 40,
  idleStreams: 500,
  soakSeconds: 60,
  users: 10_000,
}
const quick: Sizes = { ...full, warmup: 300, requests: 800, paced: 100, firstEvents: 15, soakSeconds: 5, users: 2000 }

const loads: Readonly<Record<'full' | 'quick', Omit<RigSize, 'seed'>>> = {
  full: { seconds: 60, streams: 1000, people: [200, 2000], memory: { streams: 1000, chunks: 200_000 } },
  quick: { seconds: 10, streams: 200, people: [50, 200], memory: { streams: 200, chunks: 50_000 } },
}

export function readOptions(): Options | AgainstOptions {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      soak: { type: 'string' },
      against: { type: 'string' },
      handicap: { type: 'string' },
      seed: { type: 'string' },
      seconds: { type: 'string' },
      streams: { type: 'string' },
    },
  })
  const sizes = values.quick ? quick : full
  const rounds = whole('--rounds', values.rounds) ?? (values.quick ? 2 : ROUNDS)
  const handicapMicros = whole('--handicap', values.handicap)
  if (values.against !== undefined) {
    const only = values.only.length === 0 ? comparable : values.only.map((name) => oneOf(comparable, name))
    return { against: values.against, handicapMicros: handicapMicros ?? 0, only, rounds, sizes }
  }
  if (handicapMicros !== undefined) throw new Error('--handicap works only together with --against')
  const load = values.quick ? loads.quick : loads.full
  const only: readonly Group[] = values.only.length === 0 ? usual : values.only.map((name) => oneOf(groups, name))
  const isOfLoad = [values.seed, values.seconds, values.streams].some((value) => value !== undefined)
  if (isOfLoad && !only.includes('load')) {
    throw new Error('--seed, --seconds and --streams work only together with --only load')
  }
  return {
    load: {
      ...load,
      seed: whole('--seed', values.seed) ?? Math.floor(Math.random() * 1_000_000) + 1,
      seconds: whole('--seconds', values.seconds) ?? load.seconds,
      streams: whole('--streams', values.streams) ?? load.streams,
    },
    isWhole: !values.quick && values.only.length === 0 && rounds >= ROUNDS,
    rounds,
    only,
    sizes: { ...sizes, soakSeconds: whole('--soak', values.soak) ?? sizes.soakSeconds },
  }
}

function whole(flag: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (!/^[1-9]\d*$/.test(value)) throw new Error(`${flag} wants a whole number, not "${value}"`)
  return Number(value)
}

function oneOf<T extends string>(names: readonly T[], name: string): T {
  const found = names.find((each) => each === name)
  if (found === undefined) throw new Error(`--only wants one of ${names.join(', ')}, not "${name}"`)
  return found
}
