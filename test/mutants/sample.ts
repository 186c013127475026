import type { Fault } from './faults.ts'

/** Random numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Returns all faults in an order that the seed chooses, at most one of each line. */
export function shuffled(faults: readonly Fault[], seed: number): Fault[] {
  const random = randomFrom(seed)
  const lines = new Set<string>()
  return faults
    .map((fault) => ({ fault, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ fault }) => fault)
    .filter(({ file, line }) => {
      const name = `${file}:${line}`
      return !lines.has(name) && lines.add(name)
    })
}

/** The 95 % interval of a share (Wilson), in percent. */
export function interval(noticed: number, total: number): readonly [number, number] {
  if (total === 0) return [0, 100]
  const z = 1.96
  const share = noticed / total
  const middle = (share + z ** 2 / (2 * total)) / (1 + z ** 2 / total)
  const half = (z / (1 + z ** 2 / total)) * Math.sqrt((share * (1 - share)) / total + z ** 2 / (4 * total ** 2))
  return [100 * (middle - half), 100 * (middle + half)]
}
