import type { Ports } from '../ports'
import { checkRoutes } from './check'
import { compileRoute } from './compile-route'
import type { Environment } from './env'
import { ConfigurationError, type Fault } from './fault'
import type { LoadedRoute } from './loaded-route'
import { parseRoute } from './parse'
import { hostsOf, readSettings } from './settings'

/** The complete configuration of the running gateway: checked, with every default filled in. */
export interface Configuration {
  /** The gateway's own address, which is the `iss` of its assertions. */
  readonly publicUrl: string
  /** The values of the `Host` header that the gateway accepts. */
  readonly hosts: ReadonlySet<string>
  /** The routes by their paths. */
  readonly routes: ReadonlyMap<string, LoadedRoute>
  readonly environment: Environment
}

/**
 * Checks the whole configuration and makes it ready to run, or throws with every fault at once.
 * Types check most of the configuration in the editor. This function also checks values, data from
 * JSON, and the environment.
 *
 * Secrets are not checked here, because they may be set after the first deployment. A missing
 * secret closes the routes that need it (503) and shows in the health report.
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
      remedy: 'Write a file in routes/, and add its route to the list in routes/index.ts.',
    })
  }
  // Routes that do not parse were reported already. Conflicts between these routes and others are
  // found only after such routes are corrected.
  faults.push(...checkRoutes(parsed, settings, environment, parsed.length === routes.length))
  // A policy that two routes share is checked twice, so each of its faults is in `faults` twice.
  const distinct = [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()]
  if (distinct.length > 0) throw new ConfigurationError(distinct)
  return {
    publicUrl: settings.publicUrl,
    hosts: new Set(hostsOf(settings)),
    routes: new Map(parsed.map((route) => [route.path, compileRoute(route, environment, ports)])),
    environment,
  }
}
