import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { chart } from './chart.ts'
import { cache, root } from './folder.ts'
import type { Machine } from './machine.ts'
import type { Options } from './options.ts'
import { panelsOf } from './panels.ts'
import type { Section } from './table.ts'

/** A whole run is written beside the documents; a part of one, or a quick one, is no figure to show. */
export async function writeReport(sections: readonly Section[], machine: Machine, options: Options): Promise<string> {
  const folder = options.isWhole ? path.join(root, 'docs') : cache
  await mkdir(folder, { recursive: true })
  const { rounds, sizes } = options
  const document = { machine, rounds, sizes, sections }
  const footer = `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, ${machine.date.slice(0, 10)}; median of ${rounds} rounds, lines from least to most`
  await writeFile(path.join(folder, 'performance.json'), `${JSON.stringify(document, undefined, 2)}\n`)
  await writeFile(path.join(folder, 'performance.svg'), chart(panelsOf(sections), footer))
  return folder
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
