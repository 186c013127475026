import { describe, expect, it } from 'vitest'
import { type Ending, verdictOf } from './verdict'

const passed: Ending = { ended: 'passed' }
const late: Ending = { ended: 'late' }
const lost: Ending = { ended: 'unexplained', why: 'no report' }
const failed = (file: string): Ending => ({ ended: 'failed', file })

/** Runs that end as listed, one after the other, and what was run. */
async function tried(groups: readonly string[][], endings: readonly Ending[]) {
  const runs: (readonly string[])[] = []
  const verdict = await verdictOf(groups, async (files) => {
    runs.push(files)
    return endings[runs.length - 1] ?? expect.unreachable()
  })
  return { verdict, runs }
}

describe('noticed faults', () => {
  it('a fault is noticed if a test file fails with other files and then again when run alone', async () => {
    const { verdict, runs } = await tried([['a', 'b'], ['c']], [failed('b'), failed('b')])
    expect(verdict).toEqual({ is: 'noticed', by: 'b' })
    expect(runs).toEqual([['a', 'b'], ['b']])
  })

  it('a fault is noticed if a later group of test files fails after an earlier group passed', async () => {
    const { verdict, runs } = await tried([['a'], [], ['c']], [passed, failed('c'), failed('c')])
    expect(verdict).toEqual({ is: 'noticed', by: 'c' })
    expect(runs).toEqual([['a'], ['c'], ['c']])
  })

  it('a fault is noticed if the tests reach the time limit twice', async () => {
    expect((await tried([['a']], [late, late])).verdict).toEqual({ is: 'noticed', by: 'time limit' })
  })
})

describe('surviving faults', () => {
  it('a fault survives if all tests pass', async () => {
    expect((await tried([['a'], ['b']], [passed, passed])).verdict).toEqual({ is: 'survived' })
  })

  it('a fault survives if a failure does not repeat and all files of the group then pass', async () => {
    const { verdict, runs } = await tried([['a', 'b']], [failed('a'), passed, passed])
    expect(verdict).toEqual({ is: 'survived' })
    expect(runs).toEqual([['a', 'b'], ['a'], ['a', 'b']])
  })

  it('a fault survives if the test runner breaks down once and all tests then pass', async () => {
    expect((await tried([['a']], [lost, passed])).verdict).toEqual({ is: 'survived' })
  })
})

describe('unclear faults', () => {
  it('the verdict on a planted fault is "unclear" if the test runner breaks down in every attempt', async () => {
    expect((await tried([['a']], [lost, lost, lost])).verdict).toEqual({ is: 'unclear', why: 'no report' })
  })

  it('the verdict on a planted fault is "unclear" if the failures of the tests never repeat', async () => {
    const endings = [failed('a'), passed, failed('b'), lost, late, passed]
    const { verdict } = await tried([['a', 'b'], ['c']], endings)
    expect(verdict).toEqual({ is: 'unclear', why: 'time limit, then passed' })
  })
})
