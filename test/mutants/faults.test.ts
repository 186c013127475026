import { describe, expect, it } from 'vitest'
import { faultsIn, withFault } from './faults'
import { interval, shuffled } from './sample'
import { described, table } from './score'

const made = (source: string) => faultsIn('a.ts', source).map((fault) => withFault(source, fault))

describe('faults in a source file', () => {
  it.each([
    ['const a = b && c', ['const a = (b) || (c)']],
    ['const a = b ?? c', ['const a = b']],
    ['if (a) b()', ['if (!(a)) b()', 'if (a) ;']],
    ['if (a) throw b', [';', 'if (!(a)) throw b', 'if (a) ;']],
    ['const a = [b, c]', ['const a = [c]', 'const a = [b]']],
    ['const a = { b, ...c }', ['const a = { ...c }', 'const a = { b }']],
    ['const a = 1', ['const a = 2']],
    ['const a = true', ['const a = false']],
    ["const a = 'b'", ["const a = '~'"]],
    ['const a = /b|c/i', ['const a = /c/i']],
    ['function a() { return }', ['function a() { ; }']],
  ])('the fault generator makes exactly the expected faults in: %s', (source, expected) => {
    expect(made(source).sort()).toEqual([...expected].sort())
  })

  it('the fault generator makes no faults in types, imports and messages', () => {
    expect(
      made("import a from 'b'\ntype C = 1 | 'd'\nconst e: 2 = f\nconst g = 'a message'\nexport * from 'h'"),
    ).toEqual([])
  })

  it('the fault generator makes faults in an exported constant', () => {
    expect(made('export const a = 1')).toEqual(['export const a = 2'])
  })
})

describe('samples of faults', () => {
  const faults = faultsIn('a.ts', Array.from({ length: 40 }, (_, index) => `const a${index} = b && c`).join('\n'))

  it('a sample of faults is the same for the same seed, and differs for another seed', () => {
    expect(shuffled(faults, 1)).toEqual(shuffled(faults, 1))
    expect(shuffled(faults, 1)).not.toEqual(shuffled(faults, 2))
    expect(shuffled(faults, 1)).toHaveLength(40)
  })

  it('a sample of faults never has two faults of the same line', () => {
    expect(shuffled(faultsIn('a.ts', 'if (a && b) throw c'), 1)).toHaveLength(1)
  })
})

describe('scores', () => {
  it('the score has the Wilson interval: 105 of 148 are 63 to 78 percent', () => {
    expect(interval(105, 148).map(Math.round)).toEqual([63, 78])
    expect(interval(0, 0)).toEqual([0, 100])
  })

  it('the score is a table with a row for each part, and a fault is described by line and change', () => {
    const [fault] = faultsIn('src/policy/a.ts', 'const a = 1')
    if (!fault) return expect.unreachable()
    const tried = [
      { fault, verdict: { is: 'noticed', by: 'test/a.test.ts' } },
      { fault, verdict: { is: 'survived' } },
      { fault, verdict: { is: 'unclear', why: 'no report' } },
    ] as const
    expect(table(tried)).toContain('| src/policy | 1 of 2 | 50 % | 9–91 % |')
    expect(described(fault)).toBe('src/policy/a.ts:1  value\n  - 1\n  + 2')
  })
})
