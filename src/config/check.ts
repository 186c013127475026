import { checkRoute } from './check-route'
import type { Issuer, Policy, Route } from './define'
import { addressOf, type Environment, originUrl, variable } from './env'
import { type Fault, show } from './fault'
import type { About } from './report'
import type { Settings } from './settings'
import { checkTrust, checkTrustList, isApiKeys, issuersIn, type Trust } from './trust'

/**
 * Checks that the parts of the configuration fit each other and the environment. A schema cannot
 * check this.
 * @param areAll false if some routes did not parse; policies may then name operations of these
 * routes
 */
export function checkRoutes(
  routes: readonly Route[],
  settings: Settings,
  environment: Environment,
  areAll: boolean,
): Fault[] {
  const faults: Fault[] = []
  const about: About = (file) => (path, found, expected, remedy) => {
    faults.push({ file, path, found, expected, remedy })
  }
  checkIds(routes, about)
  checkPaths(routes, about)
  checkAudiences(routes, environment, about)
  checkChains(routes, environment, about)
  checkNamespaces(routes, about)
  for (const route of routes) {
    checkRoute(route, { routes, areAll, settings, environment, about })
  }
  for (const trusted of unique(routes.flatMap((route) => route.trust ?? []))) {
    checkTrust(trusted, settings, environment, about(`policies/${trusted.id}.ts`))
  }
  return faults
}

const unique = <T>(items: readonly T[]): T[] => [...new Set(items)]

function checkIds(routes: readonly Route[], about: About): void {
  const ids = new Set<string>()
  for (const { id } of routes) {
    if (ids.has(id)) about(`routes/${id}.ts`)('id', show(id), 'an id that no other route has', 'Rename one of them.')
    ids.add(id)
  }
  const parts = unique<Trust | Policy>(routes.flatMap((route) => [...(route.trust ?? []), ...(route.policies ?? [])]))
  const owners = new Map<string, Trust | Policy>()
  for (const part of parts) {
    const other = owners.get(part.id)
    if (other && JSON.stringify(other) !== JSON.stringify(part)) {
      about(`policies/${part.id}.ts`)(
        'id',
        `${show(part.id)}, twice`,
        'one issuer or policy with this id',
        'Rename one of them.',
      )
    }
    owners.set(part.id, part)
  }
}

const OWN_PATHS = ['/.well-known', '/.sallyport']

function checkPaths(routes: readonly Route[], about: About): void {
  const below = (path: string) => (path === '/' ? '/' : `${path}/`)
  const at = new Map<string, Route>()
  // Maps each path to a route below it, so that ten thousand routes need not be compared in pairs.
  const under = new Map<string, Route>()
  for (const route of routes) {
    const report = about(`routes/${route.id}.ts`)
    const above = pathsTo(route.path)
    const overlapping = above.map((path) => at.get(path)).find((other) => other) ?? under.get(route.path)
    for (const path of above) if (!under.has(path)) under.set(path, route)
    if (!at.has(route.path)) at.set(route.path, route)
    if (overlapping) {
      const found = `${show(route.path)}, which overlaps ${show(overlapping.path)} of route ${overlapping.id}`
      report('path', found, 'a path that is not above, below or equal to another', 'Change one of the two.')
    }
    if (OWN_PATHS.some((own) => below(route.path).startsWith(`${own}/`))) {
      report(
        'path',
        show(route.path),
        "a path other than the gateway's own",
        'Choose a path outside /.well-known and /.sallyport.',
      )
    }
  }
}

/** Returns a path and all paths above it: `/`, `/a` and `/a/b` for `/a/b`. */
function pathsTo(path: string): string[] {
  const segments = path.split('/').filter((segment) => segment !== '')
  return ['/', ...segments.map((_, index) => `/${segments.slice(0, index + 1).join('/')}`)]
}

/**
 * Checks that agents at different origins have different audiences, so that no agent accepts an
 * assertion for another agent.
 */
function checkAudiences(routes: readonly Route[], environment: Environment, about: About): void {
  const owners = new Map<string, Route>()
  for (const route of routes) {
    const audience = route.assertion?.audience ?? route.id
    const owner = owners.get(audience)
    // Another check reports two routes with the same id.
    if (owner && owner.id !== route.id && addressOfAgent(owner, environment) !== addressOfAgent(route, environment)) {
      const found = `${show(audience)}, which route ${owner.id} uses for another agent`
      about(`routes/${route.id}.ts`)(
        'assertion.audience',
        found,
        'a different audience for each agent',
        'Choose another.',
      )
    }
    owners.set(audience, route)
  }
}

/** Returns the address of a route's agent, without a slash at the end. */
function addressOfAgent({ agent }: Route, environment: Environment): string | undefined {
  const given = originUrl(agent.origin, environment)
  return (URL.parse(given ?? '')?.href ?? given)?.replace(/\/$/, '')
}

/**
 * Checks routes that trust the gateway's own assertions. An assertion names a person by a user id,
 * without the identity provider. So people of different providers must not have the same user id.
 */
function checkChains(routes: readonly Route[], environment: Environment, about: About): void {
  const isGateway = ({ issuer }: Issuer) => addressOf(issuer, environment) === variable(environment, 'PUBLIC_URL')
  for (const route of routes)
    for (const gateway of issuersIn(route.trust).filter(isGateway)) {
      const before = routes.filter((other) => gateway.audience.includes(other.assertion?.audience ?? other.id))
      const others = unique(before.flatMap(({ trust }) => issuersIn(trust).filter((issuer) => !isGateway(issuer))))
      const keys = unique(before.flatMap(({ trust = [] }) => trust.filter(isApiKeys)))
      const providers = new Map(others.map((issuer) => [addressOf(issuer.issuer, environment), issuer]))
      checkTrustList([...providers.values(), ...keys], environment, about(`routes/${route.id}.ts`))
    }
}

/**
 * Checks that each KV namespace belongs to one entry of `trust`, so that an API key identifies only
 * one person.
 */
function checkNamespaces(routes: readonly Route[], about: About): void {
  const owners = new Map<string, string>()
  for (const { id, binding } of unique(routes.flatMap(({ trust = [] }) => trust.filter(isApiKeys)))) {
    const owner = owners.get(binding) ?? id
    owners.set(binding, owner)
    if (owner === id) continue
    const found = `${show(binding)}, which policies/${owner}.ts uses too`
    about(`policies/${id}.ts`)(
      'binding',
      found,
      'another KV namespace for each set of keys',
      'Bind another namespace, or trust that set of keys.',
    )
  }
}
