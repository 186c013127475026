/**
 * npm run mutants [-- FOLDER-OR-FILE …] [--sample N] [--seed N] [--after FILE:LINE] [--seconds N]
 * [--list]
 *
 * Measures what the tests notice: makes small random faults in src, one at a time in a copy of the
 * checkout, and runs the nearest tests, then the quick ones and then the rest of `npm test` until
 * one fails, and fails again. StrykerJS was tried first: it switches faults inside the Node
 * process, and most of these tests drive a bundle that runs in workerd.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { copyOf, removeCopy } from './checkout.ts'
import { type Fault, faultsIn, withFault } from './faults.ts'
import { shuffled } from './sample.ts'
import { described, type Tried, table } from './score.ts'
import { compiles, nearest, runTests, testFiles } from './suite.ts'
import { nameOf, type Verdict, verdictOf } from './verdict.ts'

const FIRST_LIMIT_SECONDS = 900
/** Quicker test files have their turn before slower ones. */
const QUICK_MS = 3_000
const root = path.resolve(import.meta.dirname, '../..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    /** The last fault of a run with the same seed, to go on where it stopped. */
    after: { type: 'string' },
    seconds: { type: 'string', default: '86400' },
    list: { type: 'boolean', default: false },
  },
})

function sourcesIn(place: string): string[] {
  if (statSync(path.join(root, place)).isFile()) return [place]
  return readdirSync(path.join(root, place), { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(place, name))
    .filter((file) => file.endsWith('.ts') && !file.startsWith('src/cli/') && file !== 'src/index.ts')
    .sort()
}

const sources = (positionals.length > 0 ? positionals : ['src']).flatMap(sourcesIn)
const contents = new Map(sources.map((file) => [file, readFileSync(path.join(root, file), 'utf8')]))
const all = shuffled(
  [...contents].flatMap(([file, source]) => faultsIn(file, source)),
  Number(values.seed),
)
const last = all.findIndex(({ file, line }) => `${file}:${line}` === values.after)
if (values.after !== undefined && last < 0) throw new Error(`This seed has no fault at ${values.after}.`)
const faults = all.slice(last + 1)
if (values.list) {
  for (const fault of faults.slice(0, Number(values.sample))) console.log(described(fault))
  process.exit(0)
}

const copy = copyOf(root)
process.on('exit', () => removeCopy(copy))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))
const tests = testFiles(copy)

/** Runs work with a file written otherwise. */
async function changed<T>(file: string, source: string, work: () => Promise<T>): Promise<T> {
  writeFileSync(path.join(copy, file), source)
  try {
    return await work()
  } finally {
    writeFileSync(path.join(copy, file), readFileSync(path.join(root, file)))
  }
}

console.log(`${faults.length} places for a fault in ${sources.length} files; ${tests.length} test files.`)
const whole = await runTests(copy, tests, FIRST_LIMIT_SECONDS)
if (whole.ending.ended !== 'passed') throw new Error(`The tests fail without any fault: ${nameOf(whole.ending)}.`)
const broken = `throw new Error('a fault that must be noticed')\n${readFileSync(path.join(copy, 'src/app.ts'), 'utf8')}`
const check = await changed('src/app.ts', broken, () => runTests(copy, ['test/gateway/refuses.test.ts'], 120))
if (check.ending.ended !== 'failed')
  throw new Error('A Worker that does not start was not noticed, so nothing here can be believed.')
console.log(`Without a fault the tests pass in ${whole.seconds.toFixed(0)} s.`)

function tryFault(fault: Fault): Promise<Verdict> {
  const limit = whole.seconds * 3
  const near = nearest(fault.file, tests, copy)
  const rest = tests.filter((test) => !near.includes(test))
  const isQuick = (test: string) => (whole.took.get(test) ?? 0) < QUICK_MS
  return verdictOf(
    [near, rest.filter(isQuick), rest.filter((test) => !isQuick(test))],
    async (files) => (await runTests(copy, files, limit)).ending,
  )
}

const began = Date.now()
const tried: Tried[] = []
for (const fault of faults) {
  if (tried.length >= Number(values.sample) || Date.now() - began > Number(values.seconds) * 1000) break
  const source = withFault(contents.get(fault.file) ?? '', fault)
  const verdict = await changed(fault.file, source, async () => (compiles(copy) ? await tryFault(fault) : undefined))
  if (!verdict) continue
  tried.push({ fault, verdict })
  const told = { noticed: 'noticed ', survived: 'SURVIVED', unclear: 'unclear ' }[verdict.is]
  const how = verdict.is === 'noticed' ? verdict.by : verdict.is === 'unclear' ? verdict.why : ''
  console.log(`${String(tried.length).padStart(3)} ${told} ${fault.file}:${fault.line} ${fault.kind} ${how}`)
}
for (const [is, title] of [
  ['survived', 'Not noticed'],
  ['unclear', 'Unclear, and not in the score'],
] as const) {
  const found = tried.filter(({ verdict }) => verdict.is === is)
  if (found.length > 0) console.log(`\n${title}:\n\n${found.map(({ fault }) => described(fault)).join('\n\n')}`)
}
console.log(`\n${table(tried)}`)
