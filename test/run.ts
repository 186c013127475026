// npm test: all tests but files named *.agents.test.ts, which need Python or take minutes: `npm run
// test:agents` runs those. Tests that need a browser run where one is found.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { findChromium } from './support/chromium.ts'

const root = path.resolve(import.meta.dirname, '..')
const reportFile = path.join(root, 'node_modules/.cache/sallyport/test-report.json')
rmSync(reportFile, { force: true })

const chromium = findChromium()
const given = process.argv.slice(2)
const AGENTS = '.agents.test.ts'
const isAgents = given[0] === AGENTS
const everything = given.length === 0 || (isAgents && given.length === 1)
const vitest = spawnSync(
  process.execPath,
  [
    path.join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--config',
    'test/vitest.config.ts',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...(chromium ? [] : ['--exclude', 'test/browser/**']),
    ...(given.length === 0 ? ['--exclude', `**/*${AGENTS}`] : given),
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, CHROMIUM: chromium ?? '' } },
)

const { files, passed, skipped, ...report } = readReport()
const missing = everything
  ? testFiles()
      .filter((file) => file.endsWith(AGENTS) === isAgents)
      .filter((file) => !files.has(file) && (chromium || !file.includes('/browser/')))
  : []
for (const file of missing) console.error(`not collected: ${path.relative(root, file)}`)
if (!chromium) {
  console.error(
    'Left out: test/browser. Install Chromium (Debian: apt-get install chromium) or set CHROMIUM, and run npm test again.',
  )
}
// A file that does not even load has no test to count.
const isBroken = vitest.status !== 0 || passed === 0
const failed = Math.max(report.failed + missing.length, isBroken ? 1 : 0)
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 ? 1 : 0

function readReport() {
  interface Report {
    readonly numPassedTests: number
    readonly numFailedTests: number
    readonly numPendingTests: number
    readonly testResults: readonly { readonly name: string }[]
  }
  try {
    const read = JSON.parse(readFileSync(reportFile, 'utf8')) as Report
    return {
      files: new Set(read.testResults.map(({ name }) => path.resolve(root, name))),
      passed: read.numPassedTests,
      failed: read.numFailedTests,
      skipped: read.numPendingTests,
    }
  } catch {
    console.error('The test runner wrote no report.')
    return { files: new Set<string>(), passed: 0, failed: 1, skipped: 0 }
  }
}

function testFiles(): string[] {
  return readdirSync(path.join(root, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => path.join(entry.parentPath, entry.name))
}
