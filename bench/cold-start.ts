import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { Connection } from './connection.ts'
import { requestBytes } from './exchange.ts'
import { cache, root } from './folder.ts'
import { expectSuccess } from './load.ts'
import type { Running } from './process.ts'
import { exchanges, routeOf, startSallyport } from './sallyport.ts'
import { type Spread, spreadOf } from './statistics.ts'
import { figure } from './table.ts'
import { cpuMicros } from './usage.ts'
import { bundle } from './workerd.ts'
import { startFloor } from './workers.ts'
import type { World } from './world.ts'

const CROWD = 200

export interface ColdStart {
  readonly notes: readonly string[]
  readonly figures: {
    readonly keyFetches: Spread
    readonly addedCpuMs: Spread
    readonly bundleKB: number
    readonly startupMs: number
  }
}

/**
 * Measures a fresh isolate: how it handles many requests at once, the CPU time of its start, and
 * its size.
 */
export async function measureColdStart(world: World, rounds: number): Promise<ColdStart> {
  const fetches: number[] = []
  const addedCpuMs: number[] = []
  for (let round = 0; round < rounds; round++) {
    const before = await keyFetches(world)
    const gate = await startSallyport(world, 'a fresh isolate', [routeOf(world, 'http')])
    const floor = await startFloor(world)
    await crowd(floor, 1, undefined)
    const floorCpu = cpuMicros(floor.pid)
    await floor.stop()
    await crowd(gate, 1, await world.tokens.sign())
    addedCpuMs.push((cpuMicros(gate.pid) - floorCpu) / 1000)
    await gate.stop()

    const between = await keyFetches(world)
    if (between - before !== 1) throw new Error(`one request on a fresh isolate took ${between - before} key sets`)
    const crowded = await startSallyport(world, 'a fresh isolate', [routeOf(world, 'http')])
    await crowd(crowded, CROWD, await world.tokens.sign())
    await crowded.stop()
    fetches.push((await keyFetches(world)) - between)
  }
  const figures = {
    keyFetches: spreadOf(fetches),
    addedCpuMs: spreadOf(addedCpuMs),
    bundleKB: gzipSync(await bundle('../src/index.ts')).byteLength / 1000,
    startupMs: startupMs(),
  }
  const startup = Number.isFinite(figures.startupMs) ? `${figure(figures.startupMs, 1)} ms` : 'not to be had here'
  return {
    figures,
    notes: [
      `${CROWD} requests at once on a fresh isolate fetched the key set ${figures.keyFetches.most} time(s) at most, and all passed.`,
      `A fresh process with its first verified request takes ${figure(figures.addedCpuMs.median, 1)} ms of CPU more than bare workerd with its first.`,
      `Start-up as \`wrangler check startup\` reports it (least of three): ${startup}. The Worker is ${figure(figures.bundleKB, 1)} KB, minified and gzipped.`,
    ],
  }
}

async function crowd(subject: Running, size: number, token: string | undefined): Promise<void> {
  const request = requestBytes(subject.port, exchanges.http, token)
  const connections = Array.from({ length: size }, () => new Connection(subject.port))
  const answers = await Promise.all(connections.map((connection) => connection.send(request)))
  for (const connection of connections) connection.close()
  for (const { status } of answers) expectSuccess(subject, status)
}

const keyFetches = async ({ keySets }: World): Promise<number> =>
  Number(await (await fetch(`http://127.0.0.1:${keySets.port}/fetches`)).text())

/**
 * Returns the start-up time. Other work on the machine can only add to a sample, so the least
 * sample is the best.
 */
function startupMs(): number {
  mkdirSync(cache, { recursive: true })
  const wrangler = path.join(root, 'node_modules/wrangler/bin/wrangler.js')
  const args = [wrangler, 'check', 'startup', '--outfile', path.join(cache, 'startup.cpuprofile')]
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true' }
  const figures = [1, 2, 3].map(() => {
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env })
    return Number(/Active: ([\d.]+) ms/.exec(`${stdout}${stderr}`)?.[1])
  })
  return Math.min(...figures)
}
