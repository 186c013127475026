import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { chart } from './chart.ts'
import { cache, results, root } from './folder.ts'
import type { Machine } from './machine.ts'
import type { Options } from './options.ts'
import { panelsOf } from './panels.ts'
import type { Section } from './table.ts'

/**
 * Writes the figures and the chart. A whole run replaces the published files. A partial or quick
 * run writes its files into the cache.
 * @returns the two files that were written
 */
export async function writeReport(sections: readonly Section[], machine: Machine, options: Options): Promise<string[]> {
  const figuresFile = path.join(options.isWhole ? results : cache, 'performance.json')
  const chartFile = path.join(options.isWhole ? path.join(root, 'docs') : cache, 'performance.svg')
  await mkdir(cache, { recursive: true })
  const { rounds, sizes } = options
  const document = { machine, rounds, sizes, sections }
  const footer = `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, ${machine.date.slice(0, 10)}; median of ${rounds} rounds, lines from least to most`
  await writeFile(figuresFile, `${JSON.stringify(document, undefined, 2)}\n`)
  await writeFile(chartFile, chart(panelsOf(sections), footer))
  return [figuresFile, chartFile]
}

export function machineLines({
  cpu,
  cores,
  memoryGiB,
  kernel,
  date,
  loadBefore,
  loadAfter,
  versions,
}: Machine): string {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `Measured ${date.slice(0, 10)} on ${cpu}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}; load average ${loadBefore} before, ${loadAfter} after.`,
    `${list.join(', ')}.`,
  ].join('\n')
}
