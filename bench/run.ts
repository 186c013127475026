/**
 * `npm run bench`: measures and prints tables in Markdown. A whole run also writes
 * docs/performance.svg and bench/results/performance.json; `--against` writes
 * bench/results/against.json.
 */
import path from 'node:path'
import { install, needsInstall } from '../test/support/install.ts'
import { bench, root } from './folder.ts'
import { readOptions } from './options.ts'
import type { Section } from './table.ts'

if (process.platform !== 'linux') throw new Error('The measurements read /proc, so they need Linux.')
const options = readOptions()
if (await needsInstall(bench)) {
  process.stderr.write('Installing the packages of bench/package-lock.json ...\n')
  await install(bench, AbortSignal.timeout(300_000))
}

// Imported late, because these files need packages that have just been installed.
const { measureAgainst, writeAgainst } = await import('./against/against.ts')
const { measureGroups } = await import('./groups/groups.ts')
const { afterwards, loadNow, readMachine } = await import('./machine.ts')
const { createWorld } = await import('./world.ts')
const { markdown } = await import('./table.ts')
const { machineLines, writeReport } = await import('./report.ts')
const { proxyVersions } = await import('./proxies/versions.ts')
const { SelfCheckError } = await import('./self-check.ts')

const print = (section: Section) => process.stdout.write(`${markdown(section)}\n`)
const before = readMachine()
if (loadNow() > 0.5) {
  process.stderr.write(`The load average is ${loadNow()}: something else is running, and it will be in the figures.\n`)
}
const world = await createWorld()
let sections: readonly Section[] = []
try {
  sections =
    'against' in options ? await measureAgainst(world, options, print) : await measureGroups(world, options, print)
} catch (thrown) {
  if (!(thrown instanceof SelfCheckError)) throw thrown
  process.stderr.write(`The self-check failed, so nothing more is measured:\n${thrown.message}\n`)
  process.exit(1)
} finally {
  await world.origin.stop()
  await world.keySets.stop()
}
const hasProxies = !('against' in options) && options.only.includes('proxies')
const machine = afterwards(before, hasProxies ? proxyVersions() : {})
const written =
  'against' in options
    ? [await writeAgainst(sections, machine, options)]
    : await writeReport(sections, machine, options)
process.stdout.write(`${machineLines(machine)}\n`)
process.stderr.write(`Written: ${written.map((file) => path.relative(root, file)).join(', ')}\n`)
const broken = sections.flatMap((section) => section.broken ?? [])
if (broken.length > 0) process.stderr.write(`Rules were broken:\n${broken.map((each) => `- ${each}`).join('\n')}\n`)
process.exit(broken.length > 0 ? 1 : 0)
