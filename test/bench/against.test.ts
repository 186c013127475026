import { describe, expect, it } from 'vitest'
import { interleave, members, type Trio } from '../../bench/against/trio.ts'
import { judge, judgeTogether, type Measured } from '../../bench/against/verdict.ts'

/** Pseudo-random numbers between 0 and 1 (mulberry32), so that every run sees the same ones. */
function randoms(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Machine {
  readonly rounds?: number
  readonly cases?: number
  /** How much more CPU the working tree's build takes. */
  readonly slowdown?: number
}

/** Slices of a noisy machine: each differs by up to a tenth, and each process by up to 2 %. */
function measured(seed: number, { rounds = 5, cases = 15, slowdown = 1 }: Machine): Measured[] {
  const random = randoms(seed)
  const around = (spread: number) => 1 + (random() - 0.5) * 2 * spread
  const processes = Array.from({ length: rounds }, () => [around(0.02), around(0.02), around(0.02)] as const)
  return Array.from({ length: cases }, (_, index) => ({
    title: `case ${index}`,
    rounds: processes.map(([tree, commit, again]) =>
      Array.from({ length: 12 }, () => ({
        tree: 400 * tree * around(0.1) * slowdown,
        commit: 400 * commit * around(0.1),
        again: 400 * again * around(0.1),
      })),
    ),
  }))
}

const seeds = Array.from({ length: 40 }, (_, seed) => seed + 1)
const verdictsOf = (machine: Machine) =>
  seeds.flatMap((seed) => judge(measured(seed, machine)).map(({ verdict }) => verdict))
const shareOf = (verdict: string, verdicts: readonly string[]) =>
  verdicts.filter((each) => each === verdict).length / verdicts.length
const exact = (rounds: readonly Trio<number>[]): Measured => ({ title: 'case', rounds: rounds.map((each) => [each]) })

describe('measurements against another commit', () => {
  it('a measurement of two equal builds gives the verdict "inside" in at least 97 of 100 cases', () => {
    expect(shareOf('inside', verdictsOf({}))).toBeGreaterThan(0.97)
  })

  it('a measurement of two equal builds in two rounds gives the verdict "inside" in at least 90 of 100 cases', () => {
    expect(shareOf('inside', verdictsOf({ rounds: 2 }))).toBeGreaterThan(0.9)
  })

  it('a build with 20 % more CPU is found slower, and a build with 20 % less is found faster', () => {
    expect(shareOf('slower', verdictsOf({ slowdown: 1.2 }))).toBeGreaterThan(0.95)
    expect(shareOf('faster', verdictsOf({ slowdown: 0.8 }))).toBeGreaterThan(0.95)
  })

  it('the verdict on all benchmark cases together finds a slowdown of 8 %, and finds no difference of equal builds', () => {
    const together = seeds.map((seed) => judgeTogether(measured(seed, { slowdown: 1.08 })).verdict)
    expect(shareOf('slower', together)).toBeGreaterThan(0.95)
    const equal = seeds.map((seed) => judgeTogether(measured(seed, {})).verdict)
    expect(shareOf('inside', equal)).toBeGreaterThan(0.9)
  })

  it('a measurement of fewer than five rounds gives no verdict on all benchmark cases together', () => {
    expect(judgeTogether(measured(1, { rounds: 4, slowdown: 2 })).verdict).toBe('too few rounds')
  })

  it('the noise of a benchmark case is the largest difference of two measurements of the same build, in either direction', () => {
    const [judged] = judge([
      exact([
        { tree: 106, commit: 100, again: 101 },
        { tree: 108, commit: 100, again: 90 },
        { tree: 107, commit: 100, again: 99 },
      ]),
    ])
    expect(judged?.ab).toEqual({ median: 1.07, least: 1.06, most: 1.08 })
    expect(judged?.aa).toEqual({ median: 0.99, least: 0.9, most: 1.01 })
    expect(judged?.noise).toBeCloseTo(1 / 0.9)
    expect(judged?.verdict).toBe('inside')
  })

  it('the noise of a quiet benchmark case includes the medians of other cases, but not the outliers of other cases', () => {
    const quiet = exact(Array.from({ length: 3 }, () => ({ tree: 104, commit: 100, again: 100 })))
    const loud = exact([100, 103, 150].map((again) => ({ tree: 100, commit: 100, again })))
    expect(judge([quiet])[0]?.verdict).toBe('slower')
    expect(judge([quiet, loud])[0]).toMatchObject({ noise: 1.03, verdict: 'slower' })
    expect(judge([{ ...quiet, rounds: [[{ tree: 102, commit: 100, again: 100 }]] }, loud])[0]?.verdict).toBe('inside')
  })

  it('the three measured processes run equally often as the first, second and third of a turn', async () => {
    const turns: string[] = []
    const work = (member: string) => async () => turns.push(member)
    const slices = await interleave({ tree: work('tree'), commit: work('commit'), again: work('again') }, 12)
    expect(slices).toHaveLength(12)
    for (const member of members) {
      for (const place of [0, 1, 2]) {
        expect(turns.filter((each, index) => each === member && index % 3 === place)).toHaveLength(4)
      }
    }
  })
})
