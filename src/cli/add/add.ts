import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { kinds } from '../../agents/kinds'
import type { Agent } from '../../config/define'
import { issuerPresetNames } from '../../config/issuer-schema'
import { nearest } from '../check/suggestions'
import type { Command } from '../command'
import { identifier } from '../identifier'
import { say } from '../print'
import { ProjectError, ROUTES_FILE } from '../project'
import { apply, type Change, free, read } from './change'
import { withListedRoute } from './edit'
import { issuerFile, type PresetName, sampleOf } from './issuer-file'
import { atTheAgent, routeFile } from './route-file'
import { addVariable, isLocal } from './variable'

const USAGE = `usage: sallyport add KIND ID URL [--trust ISSUER,…] [--policy POLICY,…]
       sallyport add provider PRESET [--id ID] [--issuer URL] [--audience AUDIENCE] [--algorithm NAME]
  KIND      ${Object.keys(kinds).join(', ')}
  URL       the address of the agent; an address on this machine goes into .dev.vars
  --trust   issuers in policies/; needed if there are several
  --policy  policies in policies/; needed if there are several
  PRESET    ${issuerPresetNames.join(', ')}, or oidc for any other
  --id      the issuer's file and id (default login)`

/**
 * Writes the file of a route or an issuer, and adds the lines that other files need for this route
 * or issuer.
 */
export const add: Command = {
  usage: USAGE,
  async run(args, root) {
    const text = { type: 'string' } as const
    const options = { trust: text, policy: text, id: text, issuer: text, audience: text, algorithm: text }
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [what, ...rest] = positionals
    if (what === 'provider') {
      if (rest.length !== 1) throw new ProjectError(USAGE)
      await apply(root, newIssuer(root, rest[0], values))
    } else {
      const [id, url, ...others] = rest
      if (what === undefined || !id || !url || others.length > 0) throw new ProjectError(USAGE)
      if (!isKind(what)) throw new ProjectError(unknownName('kind of agent', what, Object.keys(kinds)))
      if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
        throw new ProjectError(`"${url}" is not the address of an agent. Write it like http://127.0.0.1:2024.`)
      await apply(root, newRoute(root, what, id, url, values))
      say(atTheAgent[what])
    }
    return 0
  },
}

type Values = Readonly<Partial<Record<'trust' | 'policy' | 'id' | 'issuer' | 'audience' | 'algorithm', string>>>

const isKind = (name: string | undefined): name is Agent['kind'] => name !== undefined && Object.hasOwn(kinds, name)
const isPreset = (name: string): name is PresetName => (issuerPresetNames as readonly string[]).includes(name)

function newIssuer(root: string, name: string | undefined, values: Values): Change {
  const id = values.id ?? 'login'
  if (name === undefined) throw new ProjectError(USAGE)
  if (!(name === 'oidc' || isPreset(name)))
    throw new ProjectError(unknownName('preset', name, [...issuerPresetNames, 'oidc']))
  demandId(id)
  const preset = name === 'oidc' ? undefined : name
  const { issuer = sampleOf(preset).issuer, audience = sampleOf(preset).audience, algorithm } = values
  const change: Change = new Map()
  const variable = `${upper(id)}_ISSUER`
  const isVariable = URL.canParse(issuer) && isLocal(issuer)
  const isSecond = filesWith(root, 'defineIssuer').length > 0
  const written = { id, preset, audience, issuer: isVariable ? { env: variable } : issuer, isSecond }
  change.set(
    free(root, `policies/${id}.ts`),
    issuerFile({ ...written, ...(algorithm !== undefined && { algorithms: [algorithm as never] }) }),
  )
  if (isVariable) addVariable(root, change, variable, issuer, sampleOf(preset).issuer)
  return change
}

function newRoute(root: string, kind: Agent['kind'], id: string, url: string, values: Values): Change {
  demandId(id)
  const file = free(root, `routes/${id}.ts`)
  const variable = `${upper(id)}_AGENT_URL`
  const trust = chosen(root, values.trust, 'defineIssuer', 'issuer', 'sallyport add provider PRESET', '--trust')
  const policies = chosen(root, values.policy, 'definePolicy', 'policy', 'write a file below policies/', '--policy')
  const text = routeFile({ kind, id, variable, trust, policies })
  const listed = withListedRoute(read(root, ROUTES_FILE), id)
  if (listed === undefined)
    throw new ProjectError(
      `${ROUTES_FILE} has a form that this command cannot edit. Nothing was changed. Write ${file}:\n\n${text}\nand add to ${ROUTES_FILE}, with ${identifier(id)} in its list:\n\n  import ${identifier(id)} from './${id}'\n\nThen set ${variable} in wrangler's file.`,
    )
  const change: Change = new Map([
    [file, text],
    [ROUTES_FILE, listed],
  ])
  const below = new URL(url).pathname.replace(/\/$/, '')
  addVariable(root, change, variable, url, `https://${id}.internal.example.com${below}`)
  return change
}

function unknownName(what: string, name: string, names: readonly string[]): string {
  const meant = nearest(name, names)
  return `There is no ${what} "${name}".${meant === undefined ? '' : ` Did you mean "${meant}"?`}\n\n${USAGE}`
}

const upper = (id: string): string => id.replace(/\W+/g, '_').toUpperCase()

/** Returns the names of files in policies/ that call a certain function, such as `definePolicy`. */
function filesWith(root: string, sort: string): readonly string[] {
  const all = existsSync(path.join(root, 'policies')) ? readdirSync(path.join(root, 'policies')) : []
  return all
    .filter((file) => file.endsWith('.ts') && read(root, `policies/${file}`).includes(`${sort}(`))
    .map((file) => file.slice(0, -'.ts'.length))
}

/**
 * Returns the names of issuers or policies that the user gave. If none is given, returns the only
 * file in policies/ of this sort.
 */
function chosen(
  root: string,
  given: string | undefined,
  sort: string,
  name: string,
  how: string,
  flag: string,
): readonly string[] {
  const files = filesWith(root, sort)
  if (given !== undefined) {
    const names = given.split(',').map((each) => each.trim())
    const known = sort === 'defineIssuer' ? [...files, ...filesWith(root, 'defineApiKeys')] : files
    const unknown = names.find((each) => !known.includes(each))
    if (unknown === undefined) return names
    throw new ProjectError(
      `There is no ${name} "${unknown}" in policies/. The files there are: ${files.join(', ') || 'none'}.`,
    )
  }
  if (files.length === 1) return files
  throw new ProjectError(
    files.length === 0
      ? `There is no ${name} yet. To make one: ${how}.`
      : `There is more than one ${name}. Choose with ${flag}: ${files.join(', ')}.`,
  )
}

function demandId(id: string): void {
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(id))
    throw new ProjectError(`"${id}" is not an id: use small letters, digits and dashes.`)
}
