import { kinds } from '../agents/kinds'
import { reservedClaims } from '../assertion/claims'
import { isReservedHeader } from '../origin/headers'
import { covers } from '../policy/operation'
import type { Issuer, Policy, Route } from './define'
import { type Environment, originUrl, variable } from './env'
import { type Fault, show } from './fault'
import type { Settings } from './load'

type Report = (path: string, found: string, expected: string, remedy: string) => void

/** What no schema can see: one part against another, and against the environment. */
export function checkRoutes(routes: readonly Route[], settings: Settings, environment: Environment): Fault[] {
  const faults: Fault[] = []
  const about =
    (file: string): Report =>
    (path, found, expected, remedy) => {
      faults.push({ file, path, found, expected, remedy })
    }
  checkIds(routes, about)
  checkPaths(routes, about)
  for (const route of routes) {
    const report = about(`routes/${route.id}.ts`)
    checkOrigin(route, settings, environment, report)
    checkAccess(route, report)
    checkIdentity(route, report)
    checkCors(route, settings, report)
    checkOperations(route, report, about)
  }
  for (const issuer of unique(routes.flatMap((route) => route.trust ?? []))) {
    checkIssuer(issuer, settings, environment, about(`policies/${issuer.id}.ts`))
  }
  return faults
}

const unique = <T>(items: readonly T[]): T[] => [...new Set(items)]

function checkIds(routes: readonly Route[], about: (file: string) => Report): void {
  const seen = new Set<string>()
  for (const { id } of routes) {
    if (seen.has(id)) about(`routes/${id}.ts`)('id', show(id), 'an id that no other route has', 'Rename one of them.')
    seen.add(id)
  }
  const parts = unique<Issuer | Policy>(routes.flatMap((route) => [...(route.trust ?? []), ...(route.policies ?? [])]))
  const owners = new Map<string, Issuer | Policy>()
  for (const part of parts) {
    const other = owners.get(part.id)
    if (other && JSON.stringify(other) !== JSON.stringify(part)) {
      about(`policies/${part.id}.ts`)(
        'id',
        `${show(part.id)}, twice`,
        'one issuer or policy of this id',
        'Rename one of them.',
      )
    }
    owners.set(part.id, part)
  }
}

const OWN_PATHS = ['/.well-known', '/.sallyport']

function checkPaths(routes: readonly Route[], about: (file: string) => Report): void {
  const below = (path: string) => (path === '/' ? '/' : `${path}/`)
  routes.forEach((route, index) => {
    const report = about(`routes/${route.id}.ts`)
    const overlapping = routes.find(
      (other, position) =>
        position < index &&
        (below(other.path).startsWith(below(route.path)) || below(route.path).startsWith(below(other.path))),
    )
    if (overlapping) {
      const found = `${show(route.path)}, which overlaps ${show(overlapping.path)} of route ${overlapping.id}`
      report('path', found, 'a path of its own, neither above nor below another', 'Move one of the two.')
    }
    if (OWN_PATHS.some((own) => below(route.path).startsWith(`${own}/`))) {
      report(
        'path',
        show(route.path),
        "a path other than the gateway's own",
        'Choose one outside /.well-known and /.sallyport.',
      )
    }
  })
}

function checkOrigin(route: Route, settings: Settings, environment: Environment, report: Report): void {
  const { origin } = route.agent
  const key = 'url' in origin ? 'url' : 'env' in origin ? 'env' : 'service'
  const at = `agent.origin.${key}`
  const name = 'env' in origin ? origin.env : 'service' in origin ? origin.service : undefined
  const given = originUrl(origin, environment)
  if (given === undefined) {
    const [expected, remedy] =
      key === 'service'
        ? ['the name of a service binding', `Bind it under [[services]] in wrangler.toml, as "${name}".`]
        : ['the name of a variable that is set', `Add ${name} to [vars] in wrangler.toml.`]
    report(at, `${show(name)}, which is not bound`, expected, remedy)
    return
  }
  const url = URL.parse(given)
  const isAllowed = url?.protocol === 'https:' || (url?.protocol === 'http:' && settings.isDevelopment)
  if (!url || !isAllowed || url.username || url.password || url.search || url.hash) {
    const expected = 'an https URL without user, query or fragment (http only where ENVIRONMENT is "development")'
    report(at, show(given), expected, 'Correct it; an agent without TLS belongs behind a service binding or a tunnel.')
  } else if (url.origin === settings.publicUrl) {
    report(at, show(given), "an address other than the gateway's own", 'Name the agent itself.')
  }
}

function checkAccess(route: Route, report: Report): void {
  if (route.public) {
    for (const key of ['trust', 'policies'] as const) {
      if (route[key]) report(key, 'a list, on a public route', 'nothing', 'Remove it, or remove `public`.')
    }
    return
  }
  if (!route.trust) {
    report(
      'trust',
      'nothing',
      'at least one issuer',
      'Name who may sign in, or say `public: true` if everyone may come in.',
    )
  }
  if (!route.policies) {
    report('policies', 'nothing', 'at least one policy', 'Name what is permitted: without a policy nothing is.')
  }
  const prefixes = (route.trust ?? []).map((issuer) => issuer.subjectPrefix ?? '')
  if (new Set(prefixes).size < prefixes.length) {
    const expected = 'issuers whose subjectPrefix differ'
    report(
      'trust',
      `${prefixes.length} issuers, some with the same subjectPrefix`,
      expected,
      'Give all but one a prefix: their user ids could collide.',
    )
  }
}

function checkIdentity(route: Route, report: Report): void {
  const { identity = {}, agent, assertion, forwardHeaders = [] } = route
  const isAgUi = agent.kind === 'ag2' || agent.kind === 'maf' || agent.kind === 'ag-ui'
  for (const key of ['state', 'forwardedProps'] as const) {
    if (identity[key] && !isAgUi)
      report(`identity.${key}`, 'set', `nothing, for ${agent.kind}`, 'Remove it: only AG-UI agents have it.')
  }
  if (identity.langgraphAuthUser && agent.kind !== 'langgraph') {
    report('identity.langgraphAuthUser', 'set', `nothing, for ${agent.kind}`, 'Remove it: only LangGraph has it.')
  }
  assertion?.claims?.forEach((claim, index) => {
    if (!reservedClaims.has(claim)) return
    report(`assertion.claims[${index}]`, show(claim), 'a claim that the gateway does not set itself', 'Remove it.')
  })
  forwardHeaders.forEach((name, index) => {
    if (!isReservedHeader(name)) return
    const expected = 'a header that carries no identity, credential, address or connection matter'
    report(`forwardHeaders[${index}]`, show(name), expected, 'Remove it.')
  })
  const travels = identity.assertion ?? kinds[agent.kind].identity.assertion
  if (agent.credential?.header === 'authorization' && travels === 'bearer') {
    const expected = "another header than the assertion's"
    report('agent.credential.header', '"authorization"', expected, "Set identity.assertion to 'header' or 'off'.")
  }
}

function checkCors(route: Route, settings: Settings, report: Report): void {
  route.cors?.origins.forEach((origin, index) => {
    const url = URL.parse(origin)
    const isLoopback = url !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
    const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && (isLoopback || settings.isDevelopment))
    if (url?.origin === origin && isSafe) return
    const expected = 'one exact web origin, https (http only for loopback)'
    report(
      `cors.origins[${index}]`,
      show(origin),
      expected,
      'Write it as "https://app.example.com"; there are no wildcards.',
    )
  })
}

function checkOperations(route: Route, report: Report, about: (file: string) => Report): void {
  const endpoints = route.agent.kind === 'http' ? route.agent.endpoints : kinds[route.agent.kind].endpoints
  const own = endpoints.map(({ operation }) => operation)
  route.agent.operations?.forEach((pattern, index) => {
    if (own.some((operation) => covers(pattern, operation))) return
    report(
      `agent.operations[${index}]`,
      show(pattern),
      `an operation of ${route.agent.kind}: ${unique(own).join(', ')}`,
      'Correct it.',
    )
  })
  // One policy may serve routes of several kinds, so its patterns may name the operations of any.
  const known = [...own, ...Object.values(kinds).flatMap((kind) => kind.endpoints.map(({ operation }) => operation))]
  for (const policy of route.policies ?? []) {
    for (const list of ['allow', 'deny'] as const) {
      policy[list]?.forEach((rule, at) => {
        rule.operations.forEach((pattern, index) => {
          if (known.some((operation) => covers(pattern, operation))) return
          const path = `${list}[${at}].operations[${index}]`
          about(`policies/${policy.id}.ts`)(
            path,
            show(pattern),
            'an operation that some agent kind has',
            'Correct it; `npm run routes` lists them.',
          )
        })
      })
    }
  }
}

function checkIssuer(issuer: Issuer, settings: Settings, environment: Environment, report: Report): void {
  for (const key of ['issuer', 'jwksUri'] as const) {
    const given = issuer[key]
    if (given === undefined) continue
    const value = typeof given === 'string' ? given : variable(environment, given.env)
    if (value === undefined && typeof given !== 'string') {
      report(
        `${key}.env`,
        `${show(given.env)}, which is not bound`,
        'the name of a variable that is set',
        `Add ${given.env} to [vars] in wrangler.toml.`,
      )
      continue
    }
    const url = URL.parse(value ?? '')
    if (url?.protocol === 'https:' || (url?.protocol === 'http:' && settings.isDevelopment)) continue
    report(key, show(value), 'an https URL (http only where ENVIRONMENT is "development")', 'Correct it.')
  }
}
