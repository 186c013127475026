import * as v from 'valibot'
import type { Ports } from '../ports'
import { checkRoutes } from './check'
import type { Issuer, Policy, Route } from './define'
import { type Environment, variable } from './env'
import { ConfigurationError, type Fault, show } from './fault'
import { compileRoute, type LoadedRoute } from './route'
import { RouteSchema } from './route-schema'

/** The gateway as it runs: everything checked, every default filled in. */
export interface Configuration {
  /** Its own address: the `iss` of what it signs. */
  readonly publicUrl: string
  /** Values of `Host` that it answers to. */
  readonly hosts: ReadonlySet<string>
  /** By path. */
  readonly routes: ReadonlyMap<string, LoadedRoute>
  readonly environment: Environment
}

/** The gateway's own settings, from the environment. */
export interface Settings {
  readonly publicUrl: string
  /** Lets origins and issuers be plain http. */
  readonly isDevelopment: boolean
}

/**
 * Checks the whole configuration and makes it ready to run, or throws with every fault at once. Types have seen most of it in
 * the editor; this sees values, what JSON brought in, and the environment.
 *
 * Not checked here: secrets. They may be set after the first deployment, so a missing one closes the routes that need it
 * (503) and shows in the health report.
 *
 * @throws ConfigurationError
 */
export function load(routes: readonly unknown[], environment: Environment, ports: Ports): Configuration {
  const faults: Fault[] = []
  const settings = readSettings(environment, faults)
  const parsed = routes.map((route, index) => parseRoute(route, index, faults)).filter((route) => route !== undefined)
  if (routes.length === 0) {
    faults.push({
      file: 'routes/index.ts',
      path: '(whole list)',
      found: 'no route',
      expected: 'at least one',
      remedy: 'Add a route file and list it here.',
    })
  }
  // Routes that do not parse are reported as such; what they would clash with is found once they do.
  faults.push(...checkRoutes(parsed, settings, environment))
  if (faults.length > 0) throw new ConfigurationError(faults)
  return {
    publicUrl: settings.publicUrl,
    hosts: new Set(hostsOf(settings)),
    routes: new Map(parsed.map((route) => [route.path, compileRoute(route, environment, ports)])),
    environment,
  }
}

function readSettings(environment: Environment, faults: Fault[]): Settings {
  const file = 'wrangler.toml'
  const mode = variable(environment, 'ENVIRONMENT')
  const isDevelopment = mode === 'development'
  if (mode !== undefined && mode !== 'development' && mode !== 'production') {
    faults.push({
      file,
      path: 'vars.ENVIRONMENT',
      found: show(mode),
      expected: '"production" or "development", or nothing for production',
      remedy: 'Correct it. Only development lets origins and issuers be plain http.',
    })
  }
  const publicUrl = variable(environment, 'PUBLIC_URL')
  const url = URL.parse(publicUrl ?? '')
  if (
    !publicUrl ||
    url?.origin !== publicUrl ||
    !(url.protocol === 'https:' || (isDevelopment && url.protocol === 'http:'))
  ) {
    faults.push({
      file,
      path: 'vars.PUBLIC_URL',
      found: show(publicUrl),
      expected: "the gateway's own address, https, without a path or a slash at its end",
      remedy: 'Set it, for example to "https://gate.example.com".',
    })
  }
  return { publicUrl: publicUrl ?? '', isDevelopment }
}

/** In development a loopback address has three names, and people use any. */
function hostsOf({ publicUrl, isDevelopment }: Settings): string[] {
  const { host, port, hostname } = new URL(publicUrl)
  const loopback = ['127.0.0.1', 'localhost', '[::1]']
  return isDevelopment && loopback.includes(hostname)
    ? loopback.map((name) => (port ? `${name}:${port}` : name))
    : [host]
}

function parseRoute(route: unknown, index: number, faults: Fault[]): Route | undefined {
  const result = v.safeParse(RouteSchema, route)
  if (result.success) return route as Route
  for (const issue of result.issues) faults.push(faultOf(issue, route, index))
  return undefined
}

/** A schema's issue as a fault. Issuers and policies are files of their own, so the file is the innermost that has an id. */
function faultOf(issue: v.BaseIssue<unknown>, route: unknown, index: number): Fault {
  const keys = (issue.path ?? []).map(({ key }) => key as string | number)
  const [top, position] = keys
  const inner = (top === 'trust' || top === 'policies') && typeof position === 'number'
  const owner = inner
    ? ((route as Route)[top as 'trust' | 'policies']?.[position] as Issuer | Policy | undefined)
    : route
  const id = (owner as { id?: unknown } | null | undefined)?.id
  const folder = inner ? 'policies' : 'routes'
  const isUnknownKey = issue.expected === 'never'
  return {
    file: typeof id === 'string' ? `${folder}/${id}.ts` : `routes/index.ts [${index}]`,
    path: pathText(inner ? keys.slice(2) : keys),
    found: isUnknownKey ? 'a key that means nothing here' : show(issue.input),
    expected: isUnknownKey ? 'no such key' : expectedText(issue),
    remedy: isUnknownKey ? 'Remove it, or correct its spelling.' : 'Correct the value.',
  }
}

/** Schemas whose message was written say best what they expect; valibot's own messages repeat what was received. */
function expectedText(issue: v.BaseIssue<unknown>): string {
  return issue.message.startsWith('Invalid ') ? (issue.expected ?? issue.message) : issue.message
}

export const pathText = (keys: readonly (string | number)[]): string =>
  keys.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('') || '(whole)'
