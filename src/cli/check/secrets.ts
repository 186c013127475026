import type { LoadedRoute } from '../../config/compile-route'
import type { Route } from '../../config/define'
import type { Fault } from '../../config/fault'
import type { Deployment } from '../deployments'
import { unshown } from './finding'

/** A secret that a deployment has to be given, and the command that makes it, where there is one. */
export interface NeededSecret {
  readonly name: string
  readonly from: string
}

/** The secrets without which a route of these answers 503. */
export function neededSecrets(routes: readonly LoadedRoute[]): readonly NeededSecret[] {
  const signs = routes.some(({ isPublic, identity }) => !isPublic && identity.assertion !== 'off')
  const keeps = routes.some(({ threads }) => threads !== 'shared')
  const agents = new Set(routes.flatMap(({ credential }) => credential?.secret ?? []))
  return [
    ...(signs ? [{ name: 'SIGNING_KEYS', from: 'sallyport keys' }] : []),
    ...(keeps ? [{ name: 'THREAD_SECRET', from: 'sallyport keys threads' }] : []),
    ...[...agents].map((name) => ({ name, from: 'the operator of the agent' })),
  ]
}

/** The names of secrets that routes speak of. */
export const secretNames = (routes: readonly Route[]): ReadonlySet<string> =>
  new Set(['SIGNING_KEYS', 'THREAD_SECRET', ...routes.flatMap(({ agent }) => agent?.credential?.secret ?? [])])

const NAME = /(?:^|_)(?:secret|token|password|passwd|api_?key|private_?key|credentials?)s?(?:_|$)/i
/** A JWT, a PEM, a private JWK, and the beginnings by which vendors mark their keys. */
const VALUE =
  /\beyJ[\w-]+\.[\w.-]+|-----BEGIN [A-Z ]*PRIVATE KEY[^"]*|"d"\s*:\s*"[^"]*|\b(?:(?:sk|rk|pk|lsv2|ghp|gho|ghs|github_pat|glpat|xox[abp])[-_]|AKIA|AIza)[-\w]{8,}/g

/** A text without what looks like a secret in it. */
export const withoutSecrets = (text: string): string => text.replace(VALUE, '[not shown]')

/** Finds secrets that stand among the variables, where whoever reads the repository or the dashboard reads them. */
export function secretsInVariables({ own }: Deployment, file: string, at: string, named: ReadonlySet<string>): Fault[] {
  const vars = Object.entries((own.vars ?? {}) as Readonly<Record<string, unknown>>)
  return vars
    .filter(([name, value]) => {
      if (named.has(name) || NAME.test(name)) return value !== ''
      return typeof value === 'string' && withoutSecrets(value) !== value
    })
    .map(([name, value]) => ({
      file,
      path: `${at}vars.${name}`,
      found: unshown(value),
      expected: 'no secret among the variables',
      remedy: `Take it out, put it into a secret (npx wrangler secret put ${name}), and make a new one: this one has been written down.`,
    }))
}
