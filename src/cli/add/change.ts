import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Issuer, Route } from '../../config/define'
import { ConfigurationError } from '../../config/fault'
import { load } from '../../config/load'
import { issuerFaults } from '../check/issuers'
import { readDeployments } from '../deployments'
import { noNetwork } from '../no-network'
import { say } from '../print'
import { loadDefault, loadRoutes, ProjectError } from '../project'
import { lineDiff } from './edit'

/** The new texts of files, by the names of the files. */
export type Change = Map<string, string>

/** Returns the text of a file, or an empty text if it does not exist. */
export const read = (root: string, file: string): string =>
  existsSync(path.join(root, file)) ? readFileSync(path.join(root, file), 'utf8') : ''

/**
 * Returns the name of a new file.
 * @throws ProjectError if the file exists already, because it must not be overwritten
 */
export function free(root: string, file: string): string {
  if (existsSync(path.join(root, file))) throw new ProjectError(`${file} already exists. Nothing was changed.`)
  return file
}

/**
 * Writes the changed files, loads the project to check them, and prints the new lines.
 * @throws ProjectError if the project no longer loads; every file is then restored
 */
export async function apply(root: string, change: Change): Promise<void> {
  const before = new Map(
    [...change.keys()].map((file) => [file, existsSync(path.join(root, file)) ? read(root, file) : undefined]),
  )
  for (const [file, text] of change) write(root, file, text)
  try {
    await prove(root, change)
  } catch (thrown) {
    for (const [file, text] of before) {
      if (text === undefined) rmSync(path.join(root, file), { force: true })
      else write(root, file, text)
    }
    throw new ProjectError(`Nothing was changed: the project would not load.\n\n${(thrown as Error).message}`)
  }
  for (const [file, text] of change) say(`${file}\n${lineDiff(before.get(file) ?? '', text).replace(/^/gm, '  ')}\n`)
}

async function prove(root: string, change: Change): Promise<void> {
  const issuers = [...change.keys()].filter((file) => file.startsWith('policies/'))
  for (const file of issuers) await proveIssuer(root, file)
  const routes = await loadRoutes(root)
  // A project without a route cannot start yet, so the changed project cannot be checked by loading
  // it.
  if (routes.length === 0) return
  const [top] = readDeployments(root).all
  try {
    load(routes, top?.environment ?? {}, noNetwork)
  } catch (thrown) {
    if (thrown instanceof ConfigurationError) throw thrown
    throw new Error(thrown instanceof Error ? thrown.message : String(thrown))
  }
}

/**
 * Checks an issuer on a temporary route, because the project may have no route that uses this
 * issuer yet.
 */
async function proveIssuer(root: string, file: string): Promise<void> {
  const issuer = (await loadDefault(root, file)) as Issuer
  const endpoints = [{ operation: 'read', method: 'GET' as const, path: '/*' }]
  const route: Route = {
    id: 'trial',
    path: '/trial',
    agent: { kind: 'http', origin: { url: 'https://agent.internal' }, endpoints },
    trust: [issuer],
    policies: [
      {
        id: 'trial',
        allow: [{ name: 'people', operations: ['read'], when: { caller: 'user' } }],
        examples: [
          { as: { caller: 'user' }, does: 'read', expect: 'allow' },
          { as: { caller: 'service' }, does: 'read', expect: 'deny' },
        ],
      },
    ],
  }
  const [top] = readDeployments(root).all
  load([route], { ...top?.environment, PUBLIC_URL: 'https://gateway.internal' }, noNetwork)
  const { faults } = issuerFaults([route], top?.environment ?? {})
  if (faults.length > 0) throw new ConfigurationError(faults)
}

function write(root: string, file: string, text: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
  writeFileSync(path.join(root, file), text)
  // The file may later contain secrets, which only its owner may read.
  if (file === '.dev.vars') chmodSync(path.join(root, file), 0o600)
}
