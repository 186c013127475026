import type { Adapter } from '../agents/adapter'
import { adapterOf, kinds } from '../agents/kinds'
import { reservedClaims } from '../assertion/claims'
import { isExposable, isReservedHeader } from '../origin/headers'
import { isAnyPort } from '../request/web-origins'
import { checkAccess } from './check-access'
import { checkNamedOperations, checkOwnOperations } from './check-operations'
import { checkKeptRoles } from './check-roles'
import { checkThreads } from './check-threads'
import type { Route } from './define'
import { addressOf, type Environment, originUrl, REVOCATIONS } from './env'
import { show } from './fault'
import { checkLimits } from './limits'
import { checkRates } from './rates'
import { type About, type Report, remedyForUnbound, reportUnbound } from './report'
import type { Settings } from './settings'

/** The other parts of the configuration that the settings of a route must fit. */
export interface Surroundings {
  readonly routes: readonly Route[]
  /** Whether `routes` contains all routes of the configuration. */
  readonly areAll: boolean
  readonly settings: Settings
  readonly environment: Environment
  readonly about: About
}

/** Checks that the settings of one route fit each other, its kind of agent and the environment. */
export function checkRoute(route: Route, { routes, areAll, settings, environment, about }: Surroundings): void {
  const report = about(`routes/${route.id}.ts`)
  checkOrigin(route, settings, environment, report)
  checkAccess(route, environment, report)
  checkThreads(route, report)
  checkIdentity(route, report)
  checkCors(route, settings, environment, report)
  checkLimits(route.limits, adapterOf(route.agent), report)
  checkRates(route.policies, environment, about)
  checkKeptRoles(route, about)
  checkOwnOperations(route, report)
  if (areAll) checkNamedOperations(route, routes, about)
}

function checkOrigin(route: Route, settings: Settings, environment: Environment, report: Report): void {
  const { origin } = route.agent
  if ('object' in origin && (route.public || route.agent.kind !== 'http'))
    report(
      'agent.origin.object',
      `a route that is ${route.public ? 'public' : `for ${route.agent.kind}`}`,
      'a route for operators who are signed in',
      'Write agent: operators, with trust and policies. See docs/limits.md#revocation.',
    )
  const key = 'url' in origin ? 'url' : 'env' in origin ? 'env' : 'object' in origin ? 'object' : 'service'
  const at = `agent.origin.${key}`
  const name = 'env' in origin ? origin.env : 'service' in origin ? origin.service : undefined
  const given = originUrl(origin, environment)
  if (given === undefined) {
    const [expected, remedy] =
      key === 'object'
        ? [`a Durable Object that is bound as ${REVOCATIONS}`, 'See docs/limits.md#revocation.']
        : key === 'service'
          ? ['the name of a service binding', `Bind it under [[services]] in wrangler.toml, as "${name}".`]
          : ['the name of a variable that is set', remedyForUnbound(name ?? '')]
    report(at, `${show(name ?? 'revocations')}, which is not bound`, expected, remedy)
    return
  }
  const url = URL.parse(given)
  const isAllowed = url?.protocol === 'https:' || (url?.protocol === 'http:' && settings.isDevelopment)
  if (!url || !isAllowed || url.username || url.password || url.search || url.hash) {
    const expected = 'an https URL without user, query or fragment (http only if ENVIRONMENT is "development")'
    report(
      at,
      show(given),
      expected,
      'Correct the address. If the agent has no TLS, use a service binding or a tunnel.',
    )
  } else if (url.origin === settings.publicUrl) {
    report(at, show(given), "an address other than the gateway's own", 'Write the address of the agent.')
  }
}

const OWN_SECRETS = ['SIGNING_KEYS', 'THREAD_SECRET']

function checkIdentity(route: Route, report: Report): void {
  const { identity = {}, agent, assertion, forwardHeaders = [], exposeHeaders = [] } = route
  const has = ({ bodyChannels = [] }: Adapter, key: string) => bodyChannels.some((channel) => channel === key)
  const all: readonly Adapter[] = Object.values(kinds)
  for (const [key, value] of Object.entries(identity)) {
    const having = all.filter((adapter) => has(adapter, key)).map(({ kind }) => kind)
    // `having` is empty for settings about headers, because these settings exist for every kind of
    // agent.
    if (having.length > 0 && value && !has(adapterOf(agent), key))
      report(
        `identity.${key}`,
        'set',
        `nothing, for ${agent.kind}`,
        `Remove the setting: it exists only for ${having.join(', ')}.`,
      )
  }
  assertion?.claims?.forEach((claim, index) => {
    if (!reservedClaims.has(claim)) return
    report(
      `assertion.claims[${index}]`,
      show(claim),
      'a claim that the gateway does not set itself',
      'Remove the claim.',
    )
  })
  forwardHeaders.forEach((name, index) => {
    if (!isReservedHeader(name)) return
    const expected = 'a header that is not about identity, credentials, addresses or the connection'
    report(`forwardHeaders[${index}]`, show(name), expected, 'Remove the header.')
  })
  exposeHeaders.forEach((name, index) => {
    if (isExposable(name)) return
    const expected = 'x-…, link, ratelimit… or server-timing'
    report(`exposeHeaders[${index}]`, show(name), expected, 'Remove the header.')
  })
  const travels = identity.assertion ?? adapterOf(agent).identity.assertion
  if (agent.kind === 'langgraph' && travels === 'header') {
    const expected = '"bearer" or "off", for langgraph'
    report(
      'identity.assertion',
      '"header"',
      expected,
      'Use "bearer": LangGraph stores every x- header with the thread, where others can read it.',
    )
  }
  if (
    agent.credential &&
    !['authorization', 'x-api-key'].includes(agent.credential.header) &&
    isReservedHeader(agent.credential.header)
  ) {
    const expected = 'authorization, x-api-key or a header that the gateway does not set itself'
    report('agent.credential.header', show(agent.credential.header), expected, 'Choose another header.')
  }
  const { handsHeadersOn } = adapterOf(agent)
  if (handsHeadersOn && travels === 'bearer')
    report(
      'identity.assertion',
      '"bearer"',
      '"header" or "off", because this agent forwards headers to its model',
      'Remove the setting: it would replace the API key that the agent sends to its model.',
    )
  if (handsHeadersOn && agent.credential && /^(?:authorization|x-.*)$/.test(agent.credential.header))
    report(
      'agent.credential.header',
      show(agent.credential.header),
      'a header that this agent does not forward: not authorization, and no x-…',
      'Choose another header: the agent would send this one to its model.',
    )
  if (agent.credential && OWN_SECRETS.includes(agent.credential.secret))
    report(
      'agent.credential.secret',
      show(agent.credential.secret),
      "a secret other than the gateway's own",
      'Use another secret for the agent.',
    )
  if (agent.credential?.header === 'authorization' && travels === 'bearer') {
    const expected = "another header than the assertion's"
    report('agent.credential.header', '"authorization"', expected, "Set identity.assertion to 'header' or 'off'.")
  }
}

/** Matches a web origin with an app's own URL scheme, but not one with a scheme of browsers. */
const OWN_SCHEME =
  /^(?!https?:|wss?:|ftps?:|file:|data:|blob:|about:|javascript:|null)[a-z][a-z0-9+.-]*:\/\/[a-z0-9._-]+$/i

function isWebOrigin(origin: string, isDevelopment: boolean): boolean {
  if (OWN_SCHEME.test(origin)) return true
  if (isAnyPort(origin)) return isDevelopment
  const url = URL.parse(origin)
  // RFC 6761 section 6.3: names that end with `.localhost` lead to this machine. Apps on Windows
  // and Android use such names.
  const isLoopback = url !== null && /^(?:127\.0\.0\.1|\[::1\]|(?:[a-z0-9-]+\.)*localhost)$/.test(url.hostname)
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && (isLoopback || isDevelopment))
  return isSafe && url?.origin === origin && !origin.includes('*')
}

function checkCors(route: Route, settings: Settings, environment: Environment, report: Report): void {
  route.cors?.origins.forEach((given, index) => {
    const path = `cors.origins[${index}]`
    const origin = addressOf(given, environment)
    if (origin === undefined && typeof given === 'object') {
      reportUnbound(report, path, given.env)
      return
    }
    if (origin !== undefined && isWebOrigin(origin, settings.isDevelopment)) return
    const expected = "one exact web origin: https, http for localhost, or an app's own scheme"
    const remedy =
      'Write the web origin like "https://app.example.com". "http://localhost:*" works in development; other wildcards do not exist.'
    report(path, show(origin), expected, remedy)
  })
}
