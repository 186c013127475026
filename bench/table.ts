import type { Figures } from './cases.ts'
import type { Spread } from './statistics.ts'

export interface Section {
  readonly id: string
  readonly title: string
  /** Explains how to read the table. */
  readonly notes: readonly string[]
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** All figures, for the machine-readable report. */
  readonly figures: unknown
  /** Sentences about rules that were broken, with the actual and the expected result. */
  readonly broken?: readonly string[]
}

export const figure = (value: number, digits = 0): string =>
  Number.isFinite(value)
    ? value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
    : ''

/** Formats the median and the range of a figure. */
export const withSpread = (spread: Spread | undefined, digits: number): string =>
  spread ? `${figure(spread.median, digits)} (${figure(spread.least, digits)}–${figure(spread.most, digits)})` : ''

export const requestHead = ['', 'CPU µs', '× floor', 'requests/s', 'p50 ms', 'p99 ms', 'added p50 ms', 'RSS MiB']

export const requestRow = (figures: Figures): string[] => [
  figures.title,
  figure(figures.cpuMicros.median),
  withSpread(figures.timesFloor, 2),
  figure(figures.perSecond.median),
  figure(figures.p50Ms.median, 2),
  figure(figures.p99Ms.median, 2),
  withSpread(figures.addedP50Ms, 2),
  figure(figures.rssMiB.median),
]

export function markdown({ title, notes, head, rows }: Section): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  const list = notes.map((note) => `- ${note}`).join('\n')
  return `### ${title}\n\n${[line(head), rule, ...rows.map(line)].join('\n')}\n${list ? `\n${list}\n` : ''}`
}
