import type { Ports } from '../ports'
import { checkRoutes } from './check'
import { compileRoute } from './compile-route'
import type { Environment } from './env'
import { ConfigurationError, type Fault } from './fault'
import type { LoadedRoute } from './loaded-route'
import { parseRoute } from './parse'
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
 * Checks the whole configuration and makes it ready to run, or throws with every fault at once.
 * Types check most of it in the editor. This also checks values, data from JSON, and the
 * environment.
 *
 * Not checked here: secrets. They may be set after the first deployment, so a missing one closes
 * the routes that need it (503) and shows in the health report.
 *
 * @throws ConfigurationError
 */
export function load(routes: readonly unknown[], environment: Environment, ports: Pick<Ports, 'fetch'>): Configuration {
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
  // Routes that do not parse are reported as such. Their conflicts with other routes are found once
  // they parse.
  faults.push(...checkRoutes(parsed, settings, environment, parsed.length === routes.length))
  // A policy that two routes have is checked with each.
  const distinct = [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()]
  if (distinct.length > 0) throw new ConfigurationError(distinct)
  return {
    publicUrl: settings.publicUrl,
    hosts: new Set(hostsOf(settings)),
    routes: new Map(parsed.map((route) => [route.path, compileRoute(route, environment, ports)])),
    environment,
  }
}
