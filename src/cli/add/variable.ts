import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { experimental_patchConfig as patchConfig } from 'wrangler'
import { readDeployments } from '../deployments'
import { ProjectError } from '../project'
import { type Change, read } from './change'
import { withDevVariable, withTomlVariable } from './edit'

/** Tells whether an address works only on this machine. */
export const isLocal = (url: string): boolean =>
  ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0'].includes(new URL(url).hostname)

/**
 * Adds a variable for an address to every deployment of wrangler's file.
 * @param placeholder the value in wrangler's file if `url` is an address on this machine. The
 * address itself then goes to .dev.vars, and `check` reports the placeholder before a deploy.
 * @throws ProjectError with the line to add, if this function does not understand the form of the
 * file
 */
export function addVariable(root: string, change: Change, name: string, url: string, placeholder: string): void {
  const { file, all } = readDeployments(root)
  const value = isLocal(url) ? placeholder : url
  const places = all.filter(({ name: environment, own }) => environment === undefined || own.vars !== undefined)
  const environments = places.map((place) => place.name)
  const text = file.endsWith('.toml')
    ? inToml(read(root, file), environments, name, value)
    : inJson(path.join(root, file), environments, name, value)
  if (text === undefined)
    throw new ProjectError(
      `${file} has a form that this command cannot edit. Nothing was changed. Add to the vars of each environment there:\n\n  ${name} = ${JSON.stringify(value)}\n\nand run the same command again.`,
    )
  change.set(file, text)
  if (isLocal(url))
    change.set('.dev.vars', withDevVariable(change.get('.dev.vars') ?? read(root, '.dev.vars'), name, url))
}

type Environments = readonly (string | undefined)[]

function inToml(text: string, environments: Environments, name: string, value: string): string | undefined {
  let result: string | undefined = text
  for (const environment of environments) {
    const table = environment === undefined ? 'vars' : `env.${environment}.vars`
    result = result === undefined ? undefined : withTomlVariable(result, table, name, value)
  }
  return result
}

/**
 * Adds a variable with wrangler's own JSON editor, which keeps comments. This editor changes the
 * file that it reads, so it gets a copy of wrangler's file.
 */
function inJson(file: string, environments: Environments, name: string, value: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-'))
  const copy = path.join(folder, path.basename(file))
  copyFileSync(file, copy)
  try {
    let text = ''
    for (const environment of environments) {
      const vars = { vars: { [name]: value } }
      text = patchConfig(copy, environment === undefined ? vars : { env: { [environment]: vars } })
    }
    return text
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
