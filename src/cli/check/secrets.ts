import type { Route } from '../../config/define'
import type { Fault } from '../../config/fault'
import type { LoadedRoute } from '../../config/loaded-route'
import type { Deployment } from '../deployments'
import { unshown } from './finding'

/** A secret that a deployment needs, and the command that makes it, if there is one. */
export interface NeededSecret {
  readonly name: string
  readonly from: string
}

/** Returns the secrets that these routes need. A route answers 503 if its secret is missing. */
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

/** Returns the names of all secrets that the gateway and its routes use. */
export const secretNames = (routes: readonly Route[]): ReadonlySet<string> =>
  new Set(['SIGNING_KEYS', 'THREAD_SECRET', ...routes.flatMap(({ agent }) => agent?.credential?.secret ?? [])])

/** Matches the name of a variable that probably contains a secret, by its last word. */
const NAME = /(?:^|_)(?:SECRETS?|PASSWORD|PASSWD|PASS|PWD|TOKEN|KEY|APIKEY|CREDENTIALS?)$/
const isSecretName = (name: string): boolean => {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toUpperCase()
  return NAME.test(words) && !/(?:^|_)PUBLIC_KEY$/.test(words)
}

/**
 * Patterns of secrets: a JWT, a PEM file, a private JWK, a password in an address, a header's
 * value, and keys with the prefixes of well-known vendors.
 */
const VALUES: readonly RegExp[] = [
  /\beyJ[\w-]+\.[\w.-]+/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY[^"]*/g,
  /"d"\s*:\s*"[^"]*/g,
  /(?<=:\/\/)[^/\s"'@]*:[^/\s"'@]+(?=@)/g,
  /(?<=\b(?:Bearer|Basic) )[-\w.~+/]{8,}=*/gi,
  /(?<=hooks\.slack\.com\/services\/)[\w/]+/g,
  /\b(?:(?:sk|rk|pk|lsv2|ghp|gho|ghs|github_pat|glpat|xox[abp]|whsec|hf|npm|gsk)[-_]|SG\.|AKIA|AIza)(?=[-\w.]*\d)[-\w.]{8,}/g,
]
/** Matches the query of a URL, which may contain a secret. */
const QUERY = /(?<=https?:\/\/[^\s"'?]+\?)[^\s"']+/g

/** Replaces everything in a text that looks like a secret. */
export const withoutSecrets = (text: string): string =>
  [...VALUES, QUERY].reduce((shown, value) => shown.replace(value, '[not shown]'), text)

const holdsSecret = (text: string): boolean => VALUES.some((value) => text.search(value) >= 0)

/**
 * Finds secrets in plain variables, which every reader of the repository or of Cloudflare's
 * dashboard can see.
 */
export function secretsInVariables({ own }: Deployment, file: string, at: string, named: ReadonlySet<string>): Fault[] {
  const vars = Object.entries((own.vars ?? {}) as Readonly<Record<string, unknown>>)
  return vars
    .filter(([name, value]) => {
      if (named.has(name)) return value !== ''
      if (typeof value === 'string' && value !== '' && isSecretName(name)) return true
      return holdsSecret(name) || holdsSecret(JSON.stringify(value))
    })
    .map(([name, value]) => ({
      file,
      path: `${at}vars.${holdsSecret(name) ? '(a name that is not shown)' : name}`,
      found: unshown(value),
      expected: 'no secret among the variables',
      remedy: `Remove the variable, store the value as a secret (npx wrangler secret put ${holdsSecret(name) ? 'NAME' : name}), and make a new secret, because this value was in a file.`,
    }))
}

/** Finds secrets that were written into routes, issuers and policies. */
export function secretsInRoutes(routes: readonly Route[]): Fault[] {
  const files = new Map<string, unknown>()
  for (const { trust = [], policies = [], ...route } of routes) {
    files.set(`routes/${route.id}.ts`, route)
    for (const part of [...trust, ...policies]) files.set(`policies/${part.id}.ts`, part)
  }
  return [...files]
    .filter(([, content]) => holdsSecret(JSON.stringify(content)))
    .map(([file]) => ({
      file,
      path: '(a text)',
      found: 'a text that looks like a secret, which is not shown',
      expected: 'no secret in a file',
      remedy:
        'Store the value as a secret (npx wrangler secret put NAME), write NAME here, and make a new secret, because this value was in a file.',
    }))
}
