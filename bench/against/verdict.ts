import { median, type Spread, spreadOf } from '../statistics.ts'
import type { Trio } from './trio.ts'

/** The CPU time of one case: for each round, the slices of that round. */
export interface Measured {
  readonly title: string
  readonly rounds: readonly (readonly Trio<number>[])[]
}

export type Verdict = 'inside' | 'slower' | 'faster' | 'too few rounds'

/**
 * The result for one case. A/B compares the working tree with the commit, A/A the commit with
 * itself.
 */
export interface Judged {
  readonly title: string
  readonly cpuMicros?: Pick<Trio<number>, 'tree' | 'commit'>
  readonly ab: Spread
  readonly aa: Spread
  /** The size of the noise. Noise alone explains ratios from 1 / `noise` to `noise`. */
  readonly noise: number
  readonly verdict: Verdict
}

interface Ratios {
  readonly ab: readonly number[]
  readonly aa: readonly number[]
}

/**
 * The least number of rounds for a verdict on all cases together. With two rounds, this verdict
 * would be wrong in one run of five.
 */
export const ROUNDS_FOR_TOGETHER = 5

/**
 * Judges each case of a table by its median A/B ratio (the working tree to the commit) over the
 * rounds.
 *
 * The noise of a case is the largest distance from 1 among its own A/A ratios (the commit to
 * itself) of all rounds and the A/A medians of all cases. It counts in both directions, because it
 * is arbitrary which of two equal processes is divided by the other. A verdict of `inside` does not
 * show that two builds are equal. It shows that they differ by less than noise does.
 */
export function judge(cases: readonly Measured[]): Judged[] {
  const all = cases.map((each) => ({ ...each, ...ratiosOf(each) }))
  const medians = all.map(({ aa }) => median(aa))
  return all.map(({ title, rounds, ab, aa }) => {
    const cpu = (member: 'tree' | 'commit') => median(rounds.flat().map((slice) => slice[member]))
    return {
      title,
      cpuMicros: { tree: cpu('tree'), commit: cpu('commit') },
      ...judged({ ab, aa }, [...aa, ...medians]),
    }
  })
}

/**
 * Judges all cases as one, which shows small differences that most cases share. Each round counts
 * with the geometric mean of its cases. The noise comes from the means of the A/A ratios (the
 * commit to itself) of the rounds.
 */
export function judgeTogether(cases: readonly Measured[]): Judged {
  const all = cases.map(ratiosOf)
  const rounds = Math.min(...cases.map((each) => each.rounds.length))
  const perRound = (name: keyof Ratios) =>
    Array.from({ length: rounds }, (_, round) => geometricMean(all.map((each) => each[name][round] ?? Number.NaN)))
  const means = { ab: perRound('ab'), aa: perRound('aa') }
  const row = { title: 'all of these together', ...judged(means, means.aa) }
  return rounds < ROUNDS_FOR_TOGETHER ? { ...row, verdict: 'too few rounds' } : row
}

/** Returns the ratios of each round: the medians over its slices. */
function ratiosOf({ rounds }: Measured): Ratios {
  const over = (member: 'tree' | 'again') =>
    rounds.map((slices) => median(slices.map((slice) => slice[member] / slice.commit)))
  return { ab: over('tree'), aa: over('again') }
}

function judged({ ab, aa }: Ratios, noiseFrom: readonly number[]): Pick<Judged, 'ab' | 'aa' | 'noise' | 'verdict'> {
  const noise = Math.max(...noiseFrom.map((ratio) => Math.max(ratio, 1 / ratio)))
  const ratio = median(ab)
  const verdict = ratio > noise ? 'slower' : ratio < 1 / noise ? 'faster' : 'inside'
  return { ab: spreadOf(ab), aa: spreadOf(aa), noise, verdict }
}

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
