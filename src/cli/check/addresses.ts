import type { Fault } from '../../config/fault'
import type { Deployment } from '../deployments'

type WranglerRoute = string | { readonly pattern: string; readonly custom_domain?: boolean }

/** Returns the addresses at which a deployment receives requests, as wrangler's patterns. */
export function patternsOf({ config }: Deployment): readonly string[] {
  const routes: readonly WranglerRoute[] = config.routes ?? (config.route === undefined ? [] : [config.route])
  return routes.map((route) => (typeof route === 'string' ? route : route.pattern))
}

/** Tells whether clients can reach a Worker after it was deployed. */
export const isReachable = (deployment: Deployment): boolean =>
  patternsOf(deployment).length > 0 || deployment.config.workers_dev === true

/** The earliest compatibility date with all the platform features that the Worker uses. */
const LEAST_DATE = '2026-10-01'

const isCustom = ({ routes = [] }: Deployment['config'], pattern: string): boolean =>
  (routes as readonly WranglerRoute[]).some(
    (route) => typeof route === 'object' && route.pattern === pattern && route.custom_domain === true,
  )

/**
 * Compares the addresses of a deployment with PUBLIC_URL. The gateway accepts requests only at
 * PUBLIC_URL.
 */
export function addressFaults(deployment: Deployment, top: Deployment, file: string, at: string): Fault[] {
  const faults: Fault[] = []
  const add = (path: string, found: string, expected: string, remedy: string) =>
    faults.push({ file, path: at + path, found, expected, remedy })
  const { config, own, name } = deployment
  const host = URL.parse(String(deployment.environment.PUBLIC_URL ?? ''))?.host
  const patterns = patternsOf(deployment)
  const isInherited = name !== undefined && own.routes === undefined && own.route === undefined && patterns.length > 0
  if (isInherited) {
    add(
      'routes',
      `nothing, so that it inherits ${patternsOf(top).join(', ')}`,
      'routes of its own',
      'Add routes = [{ pattern = "HOST", custom_domain = true }] to this environment, or routes = [] if it has no address. Otherwise its next deploy moves the address of the top level to this environment.',
    )
  } else if (host && patterns.length > 0) {
    const serving = patterns.filter((pattern) => servesHost(pattern, host))
    if (serving.length === 0)
      add(
        'routes',
        patterns.join(', '),
        `an entry for ${host}, the host of PUBLIC_URL`,
        'Correct routes or PUBLIC_URL: the gateway answers 421 to requests for any other host.',
      )
    else if (!serving.some((pattern) => isCustom(config, pattern) || /^(?:https?:\/\/)?[^/]+\/\*$/.test(pattern)))
      add(
        'routes',
        serving.join(', '),
        `all paths of ${host}`,
        `Write "${host}/*": agents fetch the gateway's keys at /.well-known.`,
      )
  }
  for (const pattern of patterns.filter((each) => isCustom(config, each) && /[*/]/.test(each)))
    add(
      'routes',
      `custom domain ${pattern}`,
      'a host alone',
      'Remove the path and any stars: a custom domain is a whole host.',
    )
  const date = config.compatibility_date
  if (typeof date !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(date) || date < LEAST_DATE || Date.parse(date) > Date.now())
    add(
      'compatibility_date',
      JSON.stringify(date) ?? 'nothing',
      `a date from ${LEAST_DATE}, which Sallyport is tested with, to today`,
      `Set compatibility_date = "${LEAST_DATE}".`,
    )
  const isAtWorkersDev = host?.endsWith('.workers.dev') === true
  if (config.workers_dev !== false && !(isAtWorkersDev && config.workers_dev === true))
    add(
      'workers_dev',
      config.workers_dev === true ? 'true' : 'nothing, which means true because there are no routes',
      'false, so that the gateway has one address',
      isAtWorkersDev
        ? 'Set workers_dev = true, because PUBLIC_URL is an address at workers.dev.'
        : 'Set workers_dev = false.',
    )
  if (config.preview_urls === true)
    add(
      'preview_urls',
      'true',
      'false',
      'Set preview_urls = false: otherwise every version has its own address, which your domain does not protect.',
    )
  return faults
}

/**
 * Tells whether a pattern covers a host. A pattern with a star at its beginning also covers
 * subdomains.
 */
function servesHost(pattern: string, host: string): boolean {
  const [named = ''] = pattern.replace(/^https?:\/\//, '').split('/')
  return named.startsWith('*') ? host.endsWith(named.slice(1)) : named === host
}
