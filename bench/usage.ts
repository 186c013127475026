import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/**
 * The unit of `utime` and `stime` on Linux, in microseconds. For programs, it has always been a
 * hundredth of a second.
 */
const MICROSECONDS_PER_TICK = 10_000
const PAGE_BYTES = 4096

/** Returns the ids of a process and of all its descendants at this moment. */
export function treeOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)]
}

/**
 * Returns the CPU time of a process and its descendants since their start, in microseconds. The
 * scheduler counts nanoseconds. On kernels without that, `stat` counts hundredths of a second.
 */
export function cpuMicros(pid: number): number {
  return sum(treeOf(pid).map((each) => scheduled(each) ?? ticks(each) * MICROSECONDS_PER_TICK))
}

export function rssBytes(pid: number): number {
  return sum(treeOf(pid).map((each) => Number(read(`/proc/${each}/statm`)?.split(' ')[1] ?? 0) * PAGE_BYTES))
}

/** Resets the peak memory (RSS) of one process. */
export const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5')

/** Returns the peak memory (RSS) of one process since the last reset. */
export const peakBytes = (pid: number): number =>
  Number(/^VmHWM:\s*(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? Number.NaN) * 1024

function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) =>
    (read(`/proc/${pid}/task/${thread}/children`) ?? '').trim().split(' ').filter(Boolean).map(Number),
  )
}

function scheduled(pid: number): number | undefined {
  const counts = threadsOf(pid).map((thread) => read(`/proc/${pid}/task/${thread}/schedstat`))
  if (counts.length === 0 || counts.includes(undefined)) return undefined
  return sum(counts.map((count) => Number(count?.split(' ')[0]))) / 1000
}

function ticks(pid: number): number {
  // The name of a process may contain spaces and parentheses. The fields begin after the last
  // parenthesis.
  const fields = (read(`/proc/${pid}/stat`) ?? '').split(') ').at(-1)?.split(' ') ?? []
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
