import type { TrustedIssuer } from '../../authentication/jwt/trusted-issuer'
import type { Fault } from '../../config/fault'
import type { Configuration } from '../../config/load'
import type { LoadedRoute } from '../../config/loaded-route'
import type { Ports } from '../../ports'
import { nodePorts } from '../node-ports'
import { say } from '../print'
import { type OpenApi, unknownMembers } from './langgraph-members'
import { askProvider, type Issuers } from './online-provider'
import { causeOf, type Online, TIMEOUT_MS } from './online-result'

/**
 * Checks that an agent answers at its address. For a LangGraph server, also checks whether its API
 * has request members that the gateway does not know. No credential is sent.
 */
export async function askAgent(route: LoadedRoute, { fetch }: Pick<Ports, 'fetch'>): Promise<Online> {
  const { host, prefix } = route.origin
  const ask = (path: string) =>
    fetch(host + prefix + path, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'manual' })
  let status: number
  try {
    const response = await ask('/')
    status = response.status
    await response.body?.cancel()
  } catch (thrown) {
    const remedy = 'Start the agent, or correct its address.'
    return agentFault(route, `${host}: ${causeOf(thrown)}`, 'an agent that answers', remedy)
  }
  const answers = `${route.path}: ${host} answers (${status})`
  if (route.adapter.kind !== 'langgraph') return { lines: [answers], notes: [], faults: [] }
  const compared = await compareMembers(route, () => ask('/openapi.json'))
  return { ...compared, lines: compared.faults.length > 0 ? [] : [answers, ...compared.lines] }
}

const agentFault = ({ id }: LoadedRoute, found: string, expected: string, remedy: string): Online => ({
  lines: [],
  notes: [],
  faults: [{ file: `routes/${id}.ts`, path: 'agent.origin', found, expected, remedy }],
})

/** Compares the OpenAPI document of a LangGraph server with the members that the gateway knows. */
async function compareMembers(route: LoadedRoute, ask: () => Promise<Response>): Promise<Online> {
  const document = await openApiOf(route, ask)
  if (document === undefined) return { lines: [`${route.path}: no /openapi.json to compare`], notes: [], faults: [] }
  if (typeof document === 'string')
    return { lines: [], notes: [`${route.path}: /openapi.json could not be compared. ${document}`], faults: [] }
  const { unknown, seen } = unknownMembers(document, route.adapter.endpoints)
  if (unknown.length === 0)
    return { lines: [`${route.path}: all members of ${seen} endpoints are known`], notes: [], faults: [] }
  const few = unknown.slice(0, 5).join('; ') + (unknown.length > 5 ? ` and ${unknown.length - 5} more` : '')
  return agentFault(
    route,
    few,
    'members that the gateway knows',
    'The gateway does not read these members. If one of them changes what a request may do, close the endpoint with agent.operations.',
  )
}

/**
 * Returns an agent's OpenAPI document, or undefined if the agent has none. If the document cannot
 * be read, returns a text that says why.
 */
async function openApiOf(
  { credential }: LoadedRoute,
  ask: () => Promise<Response>,
): Promise<OpenApi | string | undefined> {
  try {
    const response = await ask()
    if (response.status === 200) {
      const document = (await response.json().catch(() => null)) as Partial<OpenApi> | null
      return document?.paths ? { ...document, paths: document.paths } : 'The answer is not an OpenAPI document.'
    }
    await response.body?.cancel()
    if (response.status === 404 || response.status === 410) return undefined
    const answers = `The agent answers ${response.status}.`
    // Commands read no secrets, so the value of the agent's secret is not known here.
    return isRefusal(response) && credential
      ? `${answers} It may expect the secret ${credential.secret}, but this command does not have its value.`
      : answers
  } catch (thrown) {
    return `The request fails: ${causeOf(thrown)}.`
  }
}

const isRefusal = ({ status }: Response): boolean => status === 401 || status === 403

/**
 * Checks all identity providers and agents of the routes over the network. Prints a line for each
 * part that is right or could not be checked, and returns the faults of the others.
 */
export async function askEverybody(configs: readonly Configuration[]): Promise<readonly Fault[]> {
  const routes = configs.flatMap((config) => [...config.routes.values()])
  const agents = new Map(routes.map((route) => [`${route.id} ${route.origin.host}${route.origin.prefix}`, route]))
  const found = await Promise.all([
    ...providersOf(routes).map((issuers) => askProvider(issuers, nodePorts)),
    ...[...agents.values()].filter(({ isForOperators }) => !isForOperators).map((route) => askAgent(route, nodePorts)),
  ])
  for (const line of found.flatMap(({ lines }) => lines)) say(`✓ ${line}`)
  for (const note of found.flatMap(({ notes }) => notes)) say(`! ${note}`)
  return found.flatMap((each) => each.faults)
}

/** Groups the issuers of routes by the addresses that the check fetches for them. */
function providersOf(routes: readonly LoadedRoute[]): readonly Issuers[] {
  const providers = new Map<string, [TrustedIssuer, ...TrustedIssuer[]]>()
  for (const issuer of routes.flatMap(({ trust }) => trust.issuers).filter(({ isGateway }) => !isGateway)) {
    const key = `${issuer.issuer} ${issuer.jwksUri}`
    const provider = providers.get(key)
    if (provider) provider.push(issuer)
    else providers.set(key, [issuer])
  }
  return [...providers.values()]
}
