import { Refusal } from '../errors/refusal'
import type { Ports } from '../ports'
import type { AgentCredential, GivenOrigin } from './origin-schema'

/** The bindings of the platform: variables, secrets and services. */
export type Environment = Readonly<Record<string, unknown>>

/** The address that requests of a route go to. */
export interface Origin {
  /**
   * Scheme and host: the `origin` of the URL standard. No request to this route goes to any other.
   */
  readonly host: string
  /** The start of every path there, without a slash at its end. */
  readonly prefix: string
  /**
   * The path of the route's own address there, as it was written: for some servers, `/chat` is not
   * `/chat/`.
   */
  readonly root: string
  readonly fetch: Ports['fetch']
}

interface Fetcher {
  fetch: Ports['fetch']
}

/** Returns the text of a variable or secret; undefined where it is missing or empty. */
export function variable(environment: Environment, name: string): string | undefined {
  const value = environment[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Returns an address from the file or from a variable; undefined where the variable is missing. */
export function addressOf(given: string | { env: string }, environment: Environment): string | undefined {
  return typeof given === 'string' ? given : variable(environment, given.env)
}

/**
 * Finds the binding of a name that has a method, such as `fetch` of a service; undefined where
 * there is none.
 */
export function binding<T extends object>(
  environment: Environment,
  name: string,
  method: keyof T & string,
): T | undefined {
  const value = environment[name] as Partial<T> | null | undefined
  return typeof value === 'object' && typeof value?.[method] === 'function' ? (value as T) : undefined
}

/** Returns the service bound under a name, or undefined. */
const service = (environment: Environment, name: string) => binding<Fetcher>(environment, name, 'fetch')

interface ObjectNamespace {
  idFromName(name: string): unknown
  get(id: unknown): Fetcher
}

/** The binding of the object that keeps revocations. */
export const REVOCATIONS = 'REVOCATIONS'

/**
 * Returns the list of revocations. A stub whose object was reset stays broken, so each request
 * takes a new one.
 */
function revocationList(environment: Environment): Fetcher | undefined {
  const namespace = binding<ObjectNamespace>(environment, REVOCATIONS, 'idFromName')
  return namespace && { fetch: (request, init) => namespace.get(namespace.idFromName('list')).fetch(request, init) }
}

/** Returns a function that asks the object for the list; undefined where none is bound. */
export function listReader(environment: Environment): (() => Promise<Response>) | undefined {
  const list = revocationList(environment)
  return list && (() => list.fetch('https://revocations.object.internal/list'))
}

/** Returns the URL of an origin, still unchecked; undefined where the environment lacks it. */
export function originUrl(origin: GivenOrigin, environment: Environment): string | undefined {
  if ('url' in origin) return origin.url
  if ('env' in origin) return variable(environment, origin.env)
  if ('object' in origin) return revocationList(environment) && 'https://revocations.object.internal'
  // The host of a service binding is never resolved; it only has to be one that no client can name.
  return service(environment, origin.service)
    ? `https://${origin.service.toLowerCase()}.service.internal${origin.path ?? ''}`
    : undefined
}

/** Turns a checked origin into something that can be called. */
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
 * Returns the fixed secret that a route's agent expects; undefined where it expects none.
 * @throws Refusal `configuration-incomplete` where the secret is not set
 */
export function agentSecret(credential: AgentCredential | undefined, environment: Environment): string | undefined {
  if (!credential) return undefined
  const secret = variable(environment, credential.secret)
  if (secret === undefined) throw new Refusal('configuration-incomplete', credential.secret)
  return secret
}
