import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { root } from '../../support/build'
import { ready } from '../../support/packages'

/** A check of the suite, as it writes it. */
interface Check {
  readonly id: string
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO'
  readonly errorMessage?: string
}

/** The results of one run of the suite. */
export interface Conformance {
  /** 0 where everything that the revision requires has passed. */
  readonly exitCode: number
  /** The results of each scenario, one line for each check. */
  readonly scenarios: Readonly<Record<string, readonly string[]>>
}

/** The checks of a scenario whose results differ. */
export interface Difference {
  readonly scenario: string
  readonly direct: readonly string[]
  readonly gateway: readonly string[]
}

const SUITE = path.join(root, 'test/agents/node_modules/@modelcontextprotocol/conformance/dist/index.js')
const FOLDER = /^server-(?<scenario>.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/

/** Runs all scenarios for servers that `@modelcontextprotocol/conformance` lists for a revision. */
export async function runConformance(url: string, revision: string): Promise<Conformance> {
  await ready('test/agents')
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-conformance-'))
  try {
    const exitCode = await exitCodeOf([SUITE, 'server', '--url', url, '--requirements', revision, '-o', folder])
    const scenarios: Record<string, readonly string[]> = {}
    for (const name of await readdir(folder)) {
      const scenario = FOLDER.exec(name)?.groups?.scenario ?? name
      const checks = JSON.parse(await readFile(path.join(folder, name, 'checks.json'), 'utf8')) as Check[]
      scenarios[scenario] = checks.flatMap(lineOf)
    }
    return { exitCode, scenarios }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Compares two runs check by check. */
export function differencesOf(direct: Conformance, gateway: Conformance): Difference[] {
  const names = new Set([...Object.keys(direct.scenarios), ...Object.keys(gateway.scenarios)])
  return [...names].flatMap((scenario) => {
    const [one, other] = [direct, gateway].map(({ scenarios }) => scenarios[scenario] ?? ['the scenario did not run'])
    if (!one || !other || one.join('\n') === other.join('\n')) return []
    return { scenario, direct: without(one, other), gateway: without(other, one) }
  })
}

const without = (lines: readonly string[], others: readonly string[]) => lines.filter((line) => !others.includes(line))

/** Checks of status `INFO` tell what was sent, and judge nothing. */
const lineOf = ({ id, status, errorMessage }: Check): string[] =>
  status === 'INFO' ? [] : [[id, status, ...(errorMessage ? [errorMessage] : [])].join(' ')]

function exitCodeOf(args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const suite = execFile(process.execPath, args, { maxBuffer: 2 ** 26, timeout: 120_000 }, (error) => {
      if (suite.exitCode === null) reject(error ?? new Error('the suite was ended by a signal'))
      else resolve(suite.exitCode)
    })
  })
}
