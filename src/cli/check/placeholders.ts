import type { Route } from '../../config/define'
import { issuersIn } from '../../config/trust'
import type { Deployment } from '../deployments'

/** A text from an example, such as `your-company`, that must be replaced before a deployment. */
export interface Placeholder {
  /** The file with this text. Absent for a variable, because variables are in wrangler's file. */
  readonly file?: string
  readonly path: string
  readonly value: string
}

/**
 * Matches the host names that RFC 2606 reserves for examples, and other names that mark a part to
 * replace.
 */
const HOST =
  /(?:^|\.)example(?:\.(?:com|org|net|edu))?$|\.(?:example|invalid|test)$|(?:^|[.-])(?:your|my)-?(?:company|domain|tenant|org|app|project)\b|\bcontoso\b|(?:^|[.-])(?:tenant|project|team|x{3,})(?=\.)|placeholder/i
const TEXT =
  /\b(?:TENANT(?:_ID)?|CLIENT_ID|PROJECT(?:_ID)?|AUD_TAG|client_EXAMPLE|\w+_EXAMPLE|YOUR[-_ ]\w+|TBD)\b|\bCHANGE[-_]?ME\b|\bREPLACE[-_ ]?ME\b|<[^>]+>|x{4,}|00000000-0000-0000-0000-000000000000/

/**
 * Finds placeholders that are not replaced yet, in variables that routes use and in routes and
 * issuers themselves.
 */
export function placeholders({ environment }: Deployment, routes: readonly Route[]): readonly Placeholder[] {
  const used = variablesOf(routes)
  const inVariables = Object.entries(environment).flatMap(([name, value]) =>
    (used.has(name) || name === 'PUBLIC_URL') && isPlaceholder(value) ? [{ path: `vars.${name}`, value }] : [],
  )
  const inFiles = routes.flatMap((route) => [
    ...textsOf(route.agent?.origin, `routes/${route.id}.ts`, 'agent.origin'),
    ...textsOf(route.cors?.origins, `routes/${route.id}.ts`, 'cors.origins'),
    ...issuersIn(route.trust).flatMap((issuer) => [
      ...textsOf(issuer?.issuer, `policies/${issuer?.id}.ts`, 'issuer'),
      ...textsOf(issuer?.audience, `policies/${issuer?.id}.ts`, 'audience'),
      ...textsOf(issuer?.jwksUri, `policies/${issuer?.id}.ts`, 'jwksUri'),
      ...textsOf(issuer?.tenants, `policies/${issuer?.id}.ts`, 'tenants'),
    ]),
  ])
  const all = [...inVariables, ...inFiles.filter(({ value }) => isPlaceholder(value))]
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()]
}

function isPlaceholder(value: unknown): value is string {
  if (typeof value !== 'string') return false
  const host = URL.parse(value)?.hostname ?? (/^[\w.-]+\.\w+$/.test(value) ? value : '')
  return HOST.test(host) || TEXT.test(value) || /\bchange-?me\b/i.test(value)
}

function textsOf(value: unknown, file: string, path: string): Placeholder[] {
  if (typeof value === 'string') return [{ file, path, value }]
  if (Array.isArray(value)) return value.flatMap((each) => textsOf(each, file, path))
  if (typeof value === 'object' && value !== null && 'url' in value) return textsOf(value.url, file, path)
  return []
}

/** Returns the names of variables that routes and issuers read. */
export function variablesOf(value: unknown): ReadonlySet<string> {
  const names = new Set<string>()
  const visit = (at: unknown): void => {
    if (typeof at !== 'object' || at === null) return
    for (const [key, each] of Object.entries(at)) {
      if ((key === 'env' || key === 'secret' || key === 'service') && typeof each === 'string') names.add(each)
      else visit(each)
    }
  }
  visit(value)
  return names
}
