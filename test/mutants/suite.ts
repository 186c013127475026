import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { type Ending, nameOf } from './verdict.ts'

/**
 * Left out: real agents, what starts everything or a browser, and tests of the house and of these
 * scripts themselves.
 */
const LEFT_OUT = /\.agents\.test\.ts$|^test\/(?:start|browser|mutants|bench)\/|^test\/repo\.test\.ts$/

export function testFiles(root: string): string[] {
  return readdirSync(path.join(root, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((file) => !LEFT_OUT.test(file))
    .sort()
}

/**
 * The tests that should notice a fault first: those of the same file or folder, and those that
 * import it.
 */
export function nearest(file: string, tests: readonly string[], root: string): string[] {
  const folder = path.dirname(file).replace(/^src/, 'test')
  const name = path.basename(file, '.ts')
  const imports = (test: string) =>
    readFileSync(path.join(root, test), 'utf8').includes(`${file.replace(/\.ts$/, '')}'`)
  const isNear = (test: string) =>
    path.dirname(test) === folder ||
    (path.dirname(test) === 'test' && test.startsWith(`test/${name}.`)) ||
    imports(test)
  const rank = (test: string) => (path.basename(test).startsWith(name) ? 0 : 1)
  return tests.filter(isNear).sort((a, b) => rank(a) - rank(b))
}

export interface Result {
  readonly ending: Ending
  readonly seconds: number
  /** Test files that ran, by how long they took, in milliseconds. */
  readonly took: ReadonlyMap<string, number>
}

/** Runs test files until the first failure. @param limitSeconds after which they are stopped */
export async function runTests(root: string, files: readonly string[], limitSeconds: number): Promise<Result> {
  const report = path.join(root, 'node_modules/.cache/mutants.json')
  rmSync(report, { force: true })
  const began = Date.now()
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', '--bail=1']
  const child = spawn(process.execPath, [...args, '--reporter=json', `--outputFile=${report}`, ...files], {
    cwd: root,
    stdio: 'ignore',
    detached: true,
  })
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    if (child.pid) process.kill(-child.pid, 'SIGKILL')
  }, limitSeconds * 1000)
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve))
  clearTimeout(timer)
  const seconds = (Date.now() - began) / 1000
  const { ending, took } = readReport(report, root)
  if (isLate) return { ending: { ended: 'late' }, seconds, took }
  const agrees = (code === 0) === (ending.ended === 'passed')
  const why = `the report says ${nameOf(ending)}, the exit code ${code}`
  return { ending: agrees ? ending : { ended: 'unexplained', why }, seconds, took }
}

function readReport(report: string, root: string): Pick<Result, 'ending' | 'took'> {
  interface File {
    readonly name: string
    readonly message: string
    readonly startTime: number
    readonly endTime: number
    readonly assertionResults: readonly { readonly status: string }[]
  }
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as { testResults: readonly File[] }
    const fileOf = ({ name }: File) => path.relative(root, name)
    // Files that were given up after the first failure count as failed as well.
    const failed = testResults.find(
      ({ message, assertionResults }) => message !== '' || assertionResults.some(({ status }) => status === 'failed'),
    )
    return {
      ending: endingOf(testResults.length, failed && fileOf(failed)),
      took: new Map(testResults.map((file) => [fileOf(file), file.endTime - file.startTime])),
    }
  } catch {
    return { ending: { ended: 'unexplained', why: 'no report' }, took: new Map() }
  }
}

function endingOf(ran: number, failed: string | undefined): Ending {
  if (failed !== undefined) return { ended: 'failed', file: failed }
  return ran > 0 ? { ended: 'passed' } : { ended: 'unexplained', why: 'no test ran' }
}

/** Whether the Worker's code compiles. */
export const compiles = (root: string): boolean =>
  spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], { cwd: root }).status === 0
