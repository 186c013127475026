import { figure, type Section, withSpread } from '../table.ts'
import { type Judged, judge, judgeTogether, type Measured, ROUNDS_FOR_TOGETHER } from './verdict.ts'

export interface About {
  readonly id: string
  readonly title: string
  /** The unit for which CPU time is given. */
  readonly unit: 'request' | 'event'
  readonly tree: string
  readonly commit: string
}

/** Formats the verdicts as a table, with notes that say how they were reached. */
export function sectionOf({ id, title, unit, tree, commit }: About, measured: readonly Measured[]): Section {
  const judged = [...judge(measured), judgeTogether(measured)]
  const rounds = measured[0]?.rounds.length ?? 0
  return {
    id,
    title,
    notes: [
      `A is the working tree (${tree}), B is ${commit}. CPU µs: for each ${unit}, the median over all slices.`,
      'A/B and A/A: the median over the rounds, the least and the most in brackets. A/A is B against itself, in two processes, measured in the same slices.',
      'In each round all processes are new. Within a case, the three take turns in slices, in every order equally often. The ratio of a round is the median over its slices.',
      'Noise: the largest distance from 1 among the A/A ratios of all rounds of this case and the A/A medians of all cases in the table, in both directions.',
      '`inside`: the A/B median lies within the noise. `slower` and `faster`: A lies outside it. `inside` does not show that A and B are equal, only that they differ by less than noise does.',
      'All together: the geometric mean over the cases in each round; its noise is that of its own A/A ratios. It shows small differences that most cases share.',
      ...(rounds < ROUNDS_FOR_TOGETHER
        ? [
            `With fewer than ${ROUNDS_FOR_TOGETHER} rounds, up to one verdict in ten is wrong for equal builds. Repeat what matters with more rounds.`,
          ]
        : []),
    ],
    head: ['', 'A CPU µs', 'B CPU µs', 'A/B', 'A/A', 'noise', 'verdict'],
    rows: judged.map((each) => rowOf(each, unit === 'event' ? 1 : 0)),
    figures: { judged, measured },
  }
}

const rowOf = ({ title, cpuMicros, ab, aa, noise, verdict }: Judged, digits: number): string[] => [
  title,
  figure(cpuMicros?.tree ?? Number.NaN, digits),
  figure(cpuMicros?.commit ?? Number.NaN, digits),
  withSpread(ab, 3),
  withSpread(aa, 3),
  `${figure(1 / noise, 3)}–${figure(noise, 3)}`,
  verdict,
]
