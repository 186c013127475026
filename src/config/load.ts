import * as v from 'valibot'
import type { Ports } from '../ports'
import { checkRoutes } from './check'
import type { Issuer, Policy, Route } from './define'
import type { Environment } from './env'
import { ConfigurationError, type Fault, show } from './fault'
import { compileRoute, type LoadedRoute } from './route'
import { RouteSchema } from './route-schema'
import { hostsOf, readSettings } from './settings'

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
