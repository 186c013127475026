import { Refusal } from '../errors/refusal'
import type { Ports } from '../ports'
import type { AgentCredential, GivenOrigin } from './origin-schema'

/** The bindings of the platform: variables, secrets and services. */
export type Environment = Readonly<Record<string, unknown>>

/** The server to which the gateway sends the requests of a route. */
export interface Origin {
  /**
   * Scheme and host: the `origin` of the URL standard. Requests of this route go to no other host.
   */
  readonly host: string
  /** The beginning of every path at the agent's server, without a slash at its end. */
  readonly prefix: string
  /**
   * The path of the agent's address, exactly as the project wrote it, because some servers
   * distinguish `/chat` from `/chat/`.
   */
  readonly root: string
  readonly fetch: Ports['fetch']
}

interface Fetcher {
  fetch: Ports['fetch']
}

/** Returns the text of a variable or secret, or undefined if it is missing or empty. */
export function variable(environment: Environment, name: string): string | undefined {
  const value = environment[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/**
 * Returns an address that a file in routes/ or policies/ gives, or the value of the variable that
 * the file names. Returns undefined if the variable is missing.
 */
export function addressOf(given: string | { env: string }, environment: Environment): string | undefined {
  return typeof given === 'string' ? given : variable(environment, given.env)
}

/**
 * Returns the binding with this name if it has this method, such as `fetch` of a service. Returns
 * undefined otherwise.
 */
export function binding<T extends object>(
  environment: Environment,
  name: string,
  method: keyof T & string,
): T | undefined {
  const value = environment[name] as Partial<T> | null | undefined
  return typeof value === 'object' && typeof value?.[method] === 'function' ? (value as T) : undefined
}

/** Returns the service binding with this name, or undefined if there is none. */
const service = (environment: Environment, name: string) => binding<Fetcher>(environment, name, 'fetch')

interface ObjectNamespace {
  idFromName(name: string): unknown
  get(id: unknown): Fetcher
}

/** The name of the binding of the Durable Object that stores revocations. */
export const REVOCATIONS = 'REVOCATIONS'

/**
 * Returns the Durable Object that stores revocations. Each request gets a new stub, because a stub
 * stays broken after its object was reset.
 */
function revocationList(environment: Environment): Fetcher | undefined {
  const namespace = binding<ObjectNamespace>(environment, REVOCATIONS, 'idFromName')
  return namespace && { fetch: (request, init) => namespace.get(namespace.idFromName('list')).fetch(request, init) }
}

/**
 * Returns a function that fetches the list of revocations, or undefined if no such list is bound.
 */
export function listReader(environment: Environment): (() => Promise<Response>) | undefined {
  const list = revocationList(environment)
  return list && (() => list.fetch('https://revocations.object.internal/list'))
}

/**
 * Returns the URL of an origin, or undefined if its variable or binding is missing. The URL is not
 * checked yet.
 */
export function originUrl(origin: GivenOrigin, environment: Environment): string | undefined {
  if ('url' in origin) return origin.url
  if ('env' in origin) return variable(environment, origin.env)
  if ('object' in origin) return revocationList(environment) && 'https://revocations.object.internal'
  // The host name for a service binding is never resolved. It only has to be a name that no client
  // can use.
  return service(environment, origin.service)
    ? `https://${origin.service.toLowerCase()}.service.internal${origin.path ?? ''}`
    : undefined
}

/** Returns the parts of a checked origin's URL, and the `fetch` that reaches it. */
export function openOrigin(
  origin: GivenOrigin,
  url: string,
  environment: Environment,
  ports: Pick<Ports, 'fetch'>,
): Origin {
  const { origin: host, pathname } = new URL(url)
  const bound =
    'service' in origin
      ? service(environment, origin.service)
      : 'object' in origin
        ? revocationList(environment)
        : undefined
  const prefix = pathname.replace(/\/$/, '')
  return { host, prefix, root: pathname, fetch: bound ? (request, init) => bound.fetch(request, init) : ports.fetch }
}

/**
 * Returns the fixed secret that a route's agent expects, or undefined if it expects none.
 * @throws Refusal `configuration-incomplete` if the secret is not set
 */
export function agentSecret(credential: AgentCredential | undefined, environment: Environment): string | undefined {
  if (!credential) return undefined
  const secret = variable(environment, credential.secret)
  if (secret === undefined) throw new Refusal('configuration-incomplete', credential.secret)
  return secret
}
