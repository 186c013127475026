import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { kinds } from '../../agents/kinds'
import type { Agent } from '../../config/define'
import { ConfigurationError } from '../../config/fault'
import { issuerPresetNames } from '../../config/issuer-schema'
import { load } from '../../config/load'
import type { Command } from '../command'
import { readDeployments } from '../deployments'
import { noNetwork } from '../no-network'
import { loadRoutes, ProjectError, ROUTES_FILE } from '../project'
import { lineDiff, withDevVariable, withListedRoute, withTomlVariable } from './edit'
import { issuerFile, type PresetName } from './issuer-file'
import { atTheAgent, identifier, routeFile } from './route-file'

const USAGE = `usage: sallyport add KIND ID URL [--trust ISSUER,…] [--policy POLICY,…]
       sallyport add provider PRESET [--id ID] [--issuer URL] [--audience AUDIENCE] [--algorithm NAME]
  KIND      ${Object.keys(kinds).join(', ')}
  URL       where the agent is; one on this machine goes to .dev.vars
  --trust   issuers of policies/; without it, the only one there
  --policy  policies of policies/; without it, the only one there
  PRESET    ${issuerPresetNames.join(', ')}, or oidc for any other
  --id      the issuer's file and id (default login)`

/** New texts of files, by their names. One that is undefined cannot be written without a person. */
type Change = Map<string, string>

/** Writes a route or an issuer, and every line that it needs elsewhere. */
export const add: Command = {
  usage: USAGE,
  async run(args, root) {
    const text = { type: 'string' } as const
    const options = { trust: text, policy: text, id: text, issuer: text, audience: text, algorithm: text }
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [what, ...rest] = positionals
    if (what === 'provider') return apply(root, newIssuer(root, rest, values), undefined)
    const { change, hint } = newRoute(root, [what, ...rest], values)
    return apply(root, change, hint)
  },
}

type Values = Readonly<Partial<Record<'trust' | 'policy' | 'id' | 'issuer' | 'audience' | 'algorithm', string>>>

function newIssuer(root: string, [name]: readonly string[], values: Values): Change {
  const id = values.id ?? 'login'
  if (name === undefined || !(name === 'oidc' || isPreset(name))) throw new ProjectError(USAGE)
  demandId(id)
  const { issuer, audience, algorithm } = values
  const text = issuerFile({
    id,
    preset: name === 'oidc' ? undefined : name,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
    ...(algorithm !== undefined && { algorithms: [algorithm as never] }),
  })
  return new Map([[free(root, `policies/${id}.ts`), text]])
}

const isPreset = (name: string): name is PresetName => (issuerPresetNames as readonly string[]).includes(name)

function newRoute(
  root: string,
  [kind, id, url]: readonly (string | undefined)[],
  values: Values,
): { readonly change: Change; readonly hint: string } {
  if (!kind || !Object.hasOwn(kinds, kind) || !id || !url || !URL.canParse(url)) throw new ProjectError(USAGE)
  demandId(id)
  const agent = kind as Agent['kind']
  const variable = `${id.replace(/\W+/g, '_').toUpperCase()}_AGENT_URL`
  const trust = chosen(root, values.trust, 'defineIssuer', 'issuer', 'sallyport add provider PRESET', '--trust')
  const policies = chosen(root, values.policy, 'definePolicy', 'policy', 'a file below policies/', '--policy')
  const change: Change = new Map([
    [free(root, `routes/${id}.ts`), routeFile({ kind: agent, id, variable, trust, policies })],
  ])
  const listed = withListedRoute(read(root, ROUTES_FILE), id)
  if (listed === undefined)
    throw new ProjectError(
      `${ROUTES_FILE} is written in a way that is not understood. Nothing was changed. Write routes/${id}.ts:\n\n${change.get(`routes/${id}.ts`)}\nand add to ${ROUTES_FILE}:\n\n  import ${identifier(id)} from './${id}'\n  … and ${identifier(id)} to its list. Then set ${variable} in wrangler's file.`,
    )
  change.set(ROUTES_FILE, listed)
  addVariable(root, change, variable, url)
  return { change, hint: atTheAgent[agent] }
}

/** An address on this machine is of use here alone; a deployment gets a placeholder, which `check` names. */
function addVariable(root: string, change: Change, name: string, url: string): void {
  const { file, all } = readDeployments(root)
  const isLocal = ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0'].includes(new URL(url).hostname)
  const deployed = isLocal
    ? `https://${name
        .toLowerCase()
        .replace(/_agent_url$/, '')
        .replaceAll('_', '-')}.internal.example.com${new URL(url).pathname.replace(/\/$/, '')}`
    : url
  let text: string | undefined = read(root, file)
  for (const { name: environment, own } of all) {
    if (environment !== undefined && own.vars === undefined) continue
    const table = environment === undefined ? 'vars' : `env.${environment}.vars`
    text = text !== undefined && file.endsWith('.toml') ? withTomlVariable(text, table, name, deployed) : undefined
  }
  if (text === undefined)
    throw new ProjectError(
      `${file} is not changed by this command. Nothing was written. Add to the vars of each environment there:\n\n  ${name} = ${JSON.stringify(deployed)}\n\nand run it again.`,
    )
  change.set(file, text)
  if (isLocal) change.set('.dev.vars', withDevVariable(read(root, '.dev.vars'), name, url))
}

/** The names that were given, or the only file of its sort. */
function chosen(
  root: string,
  given: string | undefined,
  sort: string,
  name: string,
  how: string,
  flag: string,
): readonly string[] {
  if (given !== undefined) return given.split(',').map((each) => each.trim())
  const files = readdirSync(path.join(root, 'policies'))
    .filter((file) => file.endsWith('.ts') && read(root, `policies/${file}`).includes(`${sort}(`))
    .map((file) => file.slice(0, -'.ts'.length))
  if (files.length === 1) return files
  throw new ProjectError(
    files.length === 0
      ? `There is no ${name} yet. First: ${how}.`
      : `There are several: say ${flag} with one of ${files.join(', ')}.`,
  )
}

function demandId(id: string): void {
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(id)) throw new ProjectError(`"${id}" is no id: small letters, digits and dashes.`)
}

function free(root: string, file: string): string {
  if (existsSync(path.join(root, file))) throw new ProjectError(`${file} is there already. Nothing was changed.`)
  return file
}

const read = (root: string, file: string): string =>
  existsSync(path.join(root, file)) ? readFileSync(path.join(root, file), 'utf8') : ''

/** Writes a change, proves it by loading the project, and takes it back where it does not load. */
async function apply(root: string, change: Change, hint: string | undefined): Promise<number> {
  const before = new Map(
    [...change.keys()].map((file) => [file, existsSync(path.join(root, file)) ? read(root, file) : undefined]),
  )
  for (const [file, text] of change) write(root, file, text)
  try {
    const routes = await loadRoutes(root)
    if (routes.length > 0) {
      const { all } = readDeployments(root)
      // Placeholders and environments that are not finished are for `check`: here the new files have to be well.
      load(routes, { ...all[0]?.environment }, noNetwork)
    }
  } catch (thrown) {
    for (const [file, text] of before) {
      if (text === undefined) rmSync(path.join(root, file), { force: true })
      else write(root, file, text)
    }
    const why = thrown instanceof ConfigurationError ? thrown.message : (thrown as Error).message
    throw new ProjectError(`Nothing was changed: the project would not load.\n\n${why}`)
  }
  for (const [file, text] of change) console.log(`${file}\n${indented(lineDiff(before.get(file) ?? '', text))}\n`)
  if (hint) console.log(hint)
  return 0
}

const indented = (text: string): string => text.replace(/^/gm, '  ')

function write(root: string, file: string, text: string): void {
  writeFileSync(path.join(root, file), text)
  if (file === '.dev.vars') chmodSync(path.join(root, file), 0o600)
}
