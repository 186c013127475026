/**
 * `npm run bench`: measures and prints tables in Markdown. A whole run also writes
 * docs/performance.svg and bench/results/performance.json.
 */
import path from 'node:path'
import { install, needsInstall } from '../examples/local/install.ts'
import { bench, root } from './folder.ts'
import { type Group, readOptions } from './options.ts'

if (process.platform !== 'linux') throw new Error('The measurements read /proc, so they need Linux.')
const options = readOptions()
if (await needsInstall(bench)) {
  process.stderr.write('Installing the packages of bench/package-lock.json ...\n')
  await install(bench, AbortSignal.timeout(300_000))
}

// Loaded late: they import what has just been installed.
const { afterwards, loadNow, readMachine } = await import('./machine.ts')
const { createWorld } = await import('./world.ts')
const { markdown } = await import('./table.ts')
const { machineLines, writeReport } = await import('./report.ts')
const { proxyVersions } = await import('./proxies/versions.ts')
const { SelfCheckError } = await import('./self-check.ts')
const measures = {
  requests: (await import('./groups/requests.ts')).measureRequests,
  peers: (await import('./groups/peers.ts')).measurePeers,
  streams: (await import('./groups/streams.ts')).measureStreams,
  memory: (await import('./groups/memory.ts')).measureMemory,
  parts: (await import('./groups/parts.ts')).measureParts,
  growth: (await import('./groups/growth.ts')).measureGrowth,
  proxies: (await import('./groups/proxies.ts')).measureProxies,
} satisfies Record<Group, unknown>

const before = readMachine()
if (loadNow() > 0.5) {
  process.stderr.write(`The load average is ${loadNow()}: something else is running, and it will be in the figures.\n`)
}
const world = await createWorld()
const sections = []
try {
  for (const group of options.only) {
    process.stderr.write(`${group}\n`)
    const section = await measures[group](world, options)
    sections.push(section)
    process.stdout.write(`${markdown(section)}\n`)
  }
} catch (thrown) {
  if (!(thrown instanceof SelfCheckError)) throw thrown
  process.stderr.write(`The self-check failed, so nothing more is measured:\n${thrown.message}\n`)
  process.exit(1)
} finally {
  await world.origin.stop()
  await world.keySets.stop()
}
const machine = afterwards(before, options.only.includes('proxies') ? proxyVersions() : {})
const written = await writeReport(sections, machine, options)
process.stdout.write(`${machineLines(machine)}\n`)
process.stderr.write(`Written: ${written.map((file) => path.relative(root, file)).join(', ')}\n`)
process.exit(0)
