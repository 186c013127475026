import { type Case, runCases } from '../cases.ts'
import type { Options } from '../options.ts'
import { parts } from '../peers/parts.ts'
import type { Running } from '../process.ts'
import { exchanges } from '../sallyport.ts'
import { figure, type Section, withSpread } from '../table.ts'
import { bundle, startWorker } from '../workerd.ts'
import type { World } from '../world.ts'

/**
 * Measures the runtime's own cost of each part of a gateway. Every gateway in a Worker has this
 * cost.
 */
export async function measureParts(world: World, options: Options): Promise<Section> {
  const code = await bundle('peers/parts.ts')
  const workers: Running[] = []
  const cases: Case[] = []
  try {
    for (const [index, title] of Object.keys(parts).entries()) {
      const env = { ORIGIN: world.originUrl, PART: title }
      const subject = await startWorker({ name: `part ${index}`, code, env })
      workers.push(subject)
      cases.push({
        id: title,
        title,
        subject,
        exchange: exchanges.http,
        tokens: { use: 'none' },
        floor: cases[0]?.id ?? title,
      })
    }
    const figures = await runCases(cases, { ...options, keys: world.tokens, isPaced: false })
    const base = figures[0]?.cpuMicros.median ?? Number.NaN
    return {
      id: 'parts',
      title: 'The cost of each part, by the runtime itself',
      notes: ['One GET through a worker that passes it on and does one thing more, each in a process of its own.'],
      head: ['', 'CPU µs', 'more than the floor', '× floor'],
      rows: figures.map(({ title, cpuMicros, timesFloor }) => [
        title,
        figure(cpuMicros.median),
        timesFloor ? figure((timesFloor.median - 1) * base) : '',
        withSpread(timesFloor, 2),
      ]),
      figures,
    }
  } finally {
    for (const worker of workers) await worker.stop()
  }
}
