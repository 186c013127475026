import { fetchKeySet } from '../../authentication/jwt/key-set'
import type { TrustedIssuer } from '../../authentication/jwt/trusted-issuer'
import { type Fault, show } from '../../config/fault'
import type { Configuration } from '../../config/load'
import type { LoadedRoute } from '../../config/loaded-route'
import { fitsAlgorithm, type JwsAlgorithm } from '../../jws'
import type { Ports } from '../../ports'
import { nodePorts } from '../node-ports'
import { say } from '../print'
import { type OpenApi, unknownMembers } from './langgraph-members'

/** The result of a check over the network: a line for each part that is right, and the faults. */
export interface Online {
  readonly lines: readonly string[]
  readonly faults: readonly Fault[]
}

const TIMEOUT_MS = 5_000
/** The largest difference between clocks that an issuer's settings can tolerate. */
const MOST_SKEW_SECONDS = 60

type Network = Pick<Ports, 'fetch' | 'now' | 'after'>

/**
 * Fetches the discovery document and the keys of an identity provider, and compares them with the
 * configuration. Also compares the provider's clock with this machine's.
 */
export async function askIssuer(issuer: TrustedIssuer, network: Network): Promise<Online> {
  const faults: Fault[] = []
  const fault = (path: string, found: string, expected: string, remedy: string): void => {
    faults.push({ file: `policies/${issuer.id}.ts`, path, found, expected, remedy })
  }
  let date: string | null = null
  const ports = {
    ...network,
    async fetch(request: Request | string, init?: RequestInit) {
      const response = await network.fetch(request, init)
      date = response.headers.get('date')
      return response
    },
    randomId: () => '',
    emit: () => undefined,
    log: () => undefined,
  }
  // A provider with a preset also has a discovery document, although the gateway does not need it
  // to find the keys. If a project without a preset sets `jwksUri`, the document may name another
  // issuer and is not compared.
  if (issuer.jwksUri === undefined || issuer.preset !== undefined) {
    const named = await nameInDiscovery(issuer, ports)
    if (named !== undefined && named !== issuer.issuer) {
      const isSlash = named.replace(/\/$/, '') === issuer.issuer.replace(/\/$/, '')
      const remedy = isSlash
        ? 'The two differ in the slash at the end. Write the issuer exactly as the provider does.'
        : 'Write the issuer that the provider names.'
      fault('issuer', show(issuer.issuer), `${show(named)}, as the discovery document says`, remedy)
      return { lines: [], faults }
    }
  }
  try {
    const { keys } = await fetchKeySet(issuer, ports)
    const usable = issuer.algorithms.filter((name: JwsAlgorithm) => keys.some((key) => fitsAlgorithm(key, name)))
    if (usable.length === 0)
      fault('algorithms', issuer.algorithms.join(', '), 'an algorithm that fits a published key', kindsOf(keys))
    const skew = date === null ? 0 : Math.abs(Date.parse(date) - network.now()) / 1000
    if (skew > MOST_SKEW_SECONDS)
      fault(
        'clockSkewSeconds',
        `clocks ${Math.round(skew)} seconds apart`,
        'at most a minute',
        'Set the clock of this machine. If the gateway says that new tokens are expired or not yet valid, check the clock of the provider.',
      )
    return {
      lines: faults.length > 0 ? [] : [`${issuer.issuer}: ${keys.length} keys, for ${usable.join(', ')}`],
      faults,
    }
  } catch (thrown) {
    const at = issuer.jwksUri === undefined ? 'issuer' : 'jwksUri'
    fault(
      at,
      causeOf(thrown),
      'the keys of the issuer',
      `Look at ${issuer.jwksUri ?? issuer.issuer}, and set jwksUri if the keys are at another address.`,
    )
    return { lines: [], faults }
  }
}

/**
 * Returns why a request failed. The message of Node's error is only `fetch failed`, and the error's
 * `cause` has the reason.
 */
const causeOf = (thrown: unknown): string => {
  const { message, cause } = thrown as Error
  return cause instanceof Error ? cause.message : message
}

const kindsOf = (keys: readonly { readonly kty?: string; readonly crv?: string }[]): string =>
  `Set algorithms to fit the published keys: ${[...new Set(keys.map(({ kty, crv }) => crv ?? kty))].join(', ')}.`

/**
 * Returns the `issuer` in a provider's discovery document, or undefined if there is no such
 * document.
 */
async function nameInDiscovery(
  { issuer }: TrustedIssuer,
  { fetch }: Pick<Ports, 'fetch'>,
): Promise<string | undefined> {
  try {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const { issuer: named } = (await (await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })).json()) as {
      issuer?: unknown
    }
    return typeof named === 'string' ? named : undefined
  } catch {
    return undefined
  }
}

/**
 * Checks that an agent answers at its address. For a LangGraph server, also checks whether its API
 * has request members that the gateway does not know.
 */
export async function askAgent(route: LoadedRoute, { fetch }: Pick<Ports, 'fetch'>): Promise<Online> {
  const { host, prefix } = route.origin
  const fault = (found: string, expected: string, remedy: string): Online => ({
    lines: [],
    faults: [{ file: `routes/${route.id}.ts`, path: 'agent.origin', found, expected, remedy }],
  })
  const ask = (path: string) =>
    fetch(host + prefix + path, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'manual' })
  let status: number
  try {
    const response = await ask('/')
    status = response.status
    await response.body?.cancel()
  } catch (thrown) {
    return fault(`${host}: ${causeOf(thrown)}`, 'an agent that answers', 'Start the agent, or correct its address.')
  }
  const lines = [`${route.path}: ${host} answers (${status})`]
  if (route.adapter.kind !== 'langgraph') return { lines, faults: [] }
  const document = await ask('/openapi.json')
    .then(async (response) => (response.status === 200 ? ((await response.json()) as OpenApi) : undefined))
    .catch(() => undefined)
  if (!document?.paths) return { lines: [...lines, `${route.path}: no /openapi.json to compare`], faults: [] }
  const { unknown, seen } = unknownMembers(document, route.adapter.endpoints)
  if (unknown.length === 0)
    return { lines: [...lines, `${route.path}: all members of ${seen} endpoints are known`], faults: [] }
  const few = unknown.slice(0, 5).join('; ') + (unknown.length > 5 ? ` and ${unknown.length - 5} more` : '')
  return fault(
    few,
    'members that the gateway knows',
    'The gateway does not read these members. If one of them changes what a request may do, close the endpoint with agent.operations.',
  )
}

/**
 * Checks all identity providers and agents of the routes over the network. Prints a line for each
 * one that is right, and returns the faults of the others.
 */
export async function askEverybody(configs: readonly Configuration[]): Promise<readonly Fault[]> {
  const routes = configs.flatMap((config) => [...config.routes.values()])
  const issuers = new Map(
    routes.flatMap(({ trust }) => trust.issuers).map((each) => [`${each.issuer} ${each.jwksUri}`, each]),
  )
  const agents = new Map(routes.map((route) => [`${route.id} ${route.origin.host}${route.origin.prefix}`, route]))
  const found = await Promise.all([
    ...[...issuers.values()].filter(({ isGateway }) => !isGateway).map((issuer) => askIssuer(issuer, nodePorts)),
    ...[...agents.values()].filter(({ isForOperators }) => !isForOperators).map((route) => askAgent(route, nodePorts)),
  ])
  for (const line of found.flatMap(({ lines }) => lines)) say(`✓ ${line}`)
  return found.flatMap((each) => each.faults)
}
